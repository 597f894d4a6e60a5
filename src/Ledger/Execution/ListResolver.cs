using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Jobs;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Ledger.Projections.Registry;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// Resolves a job's request into its manifest, one row a step. Each step is a transaction of its own, so memory stays flat and a crash
/// costs one row. The step that writes the last row appends <see cref="Started"/>.
/// </summary>
public sealed class ListResolver(ConversationStore store, JobWriter writer, KeyFolder keys, ErasedIndex earlier)
{
    private static readonly string RootsSql = Sql.Load(typeof(ListResolver), nameof(RootAsync));

    /// <summary>One step for a claimed job that has not started. The caller commits.</summary>
    /// <exception cref="WindowClosedException">Something was to be deleted, but the window has closed.</exception>
    public async Task<IReadOnlyList<JobEvent>> ResolveAsync(BatchContext batch, CancellationToken cancel)
    {
        var (transaction, connection, claimed, bot) = (batch.Transaction, batch.Connection, batch.Claimed, batch.Bot);
        var key = claimed.OpenKey(keys);
        var request = SealedRequest.Read(key.Unseal(SealedKind.Request, 0, claimed.Secrets!.SealedRequest));
        var cursor = claimed.Resolving ?? await BeginAsync(connection, request, claimed, bot, cancel);
        var (entries, afterKey, isLast) = request switch
        {
            DeletionRequest.ByConversationIds ids =>
                (await ByIdsAsync(connection, claimed.Id, bot, ids, cursor, cancel), cursor.AfterKey, true),
            DeletionRequest.ByChannelUser user => await ByChannelUserAsync(connection, bot, user, cursor, cancel),
            _ => throw new InvalidOperationException("unknown request"),
        };
        var subtreeRoot = Manifest.SubtreeRoot(key, entries);
        var commands = entries.Count == 0 ? [] : new[] { SealedRows.InsertList(claimed.Id, cursor.Rows, key, entries, subtreeRoot) };
        var next = cursor with { AfterKey = afterKey, Rows = cursor.Rows + commands.Length };
        if (!isLast)
        {
            await writer.WriteAsync(transaction, claimed, [], claimed.Now, next, commands, closing: null, cancel);
            return [];
        }
        var (conversations, root) = await RootAsync(connection, claimed.Id, entries.Count, subtreeRoot, cancel);
        // No batch will: there is nothing to delete but, maybe, the user's row.
        var isUserDeleted = conversations == 0 && request is DeletionRequest.ByChannelUser;
        if (isUserDeleted)
            await store.DeleteUserAsync(connection, bot.BotId, ((DeletionRequest.ByChannelUser)request).CId, cancel);
        var start = new Start(claimed.Job.Attempt, conversations, root, cursor.From, cursor.RetainedFrom);
        var events = JobDecisions.Decide(claimed.Job, start).Accepted();
        await writer.WriteAsync(
            transaction, claimed, events, claimed.Now, resolving: null, commands, isUserDeleted ? batch.Closing : null, cancel);
        return events;
    }

    /// <summary>Fixes the values that hold for the whole list, at its beginning.</summary>
    private async Task<ListCursor> BeginAsync(
        NpgsqlConnection connection, DeletionRequest request, ClaimedJob claimed, Bot bot, CancellationToken cancel)
    {
        DateTimeOffset? retainedFrom = bot.RetentionDays is { } days ? Instant.Truncate(claimed.Now.AddDays(-days)) : null;
        if (request is not DeletionRequest.ByChannelUser user)
            return new ListCursor(From: null, retainedFrom, AfterKey: 0, LastKey: 0, Rows: 0);
        // The last key comes first: a start that is read after it is early enough for every conversation up to it.
        var lastKey = await store.LastKeyAsync(connection, cancel);
        var from = user.From ?? await DefaultStartAsync(connection, bot, user.CId, cancel);
        return new ListCursor(from, retainedFrom, AfterKey: 0, lastKey, Rows: 0);
    }

    /// <summary>
    /// The later of the channel user's creation and the bot's, but never after the user's first conversation. So a wrongly recorded
    /// creation hides nothing from a job that is to erase all.
    /// </summary>
    private async Task<DateTimeOffset> DefaultStartAsync(NpgsqlConnection connection, Bot bot, string cId, CancellationToken cancel)
    {
        var created = await store.ChannelUserCreatedAtAsync(connection, bot.BotId, cId, cancel) ?? bot.CreatedAt;
        var later = created > bot.CreatedAt ? created : bot.CreatedAt;
        var first = await store.FirstOfChannelUserAsync(connection, bot.BotId, cId, cancel);
        return Instant.Truncate(first < later ? first.Value : later);
    }

    private async Task<(IReadOnlyList<ManifestEntry> Entries, long AfterKey, bool IsLast)> ByChannelUserAsync(
        NpgsqlConnection connection, Bot bot, DeletionRequest.ByChannelUser user, ListCursor cursor, CancellationToken cancel)
    {
        var found = await store.FindByChannelUserAsync(
            connection, bot.BotId, user.CId, cursor.From!.Value, user.To, cursor.AfterKey, cursor.LastKey, Manifest.RowSize, cancel);
        var entries = found.Select(conversation => Entry(conversation, cursor)).ToArray();
        return (entries, found.Count == 0 ? cursor.AfterKey : found[^1].Key, found.Count < Manifest.RowSize);
    }

    private async Task<IReadOnlyList<ManifestEntry>> ByIdsAsync(
        NpgsqlConnection connection, JobId job, Bot bot, DeletionRequest.ByConversationIds request, ListCursor cursor,
        CancellationToken cancel)
    {
        var found = (await store.FindByIdsAsync(connection, bot.BotId, request.ConversationIds, cancel)).ToDictionary(
            c => c.ConversationId, StringComparer.Ordinal);
        var missing = request.ConversationIds.Where(id => !found.ContainsKey(id)).ToArray();
        var erased = await earlier.FindAsync(connection, bot.BotId, job, missing, cancel);
        return [.. request.ConversationIds.Select(id => found.TryGetValue(id, out var conversation)
            ? Entry(conversation, cursor)
            : new ManifestEntry(id, erased.Contains(id) ? SkipReason.AlreadyErased : SkipReason.NotFound, Key: 0))];
    }

    private static ManifestEntry Entry(FoundConversation conversation, ListCursor cursor) =>
        new(conversation.ConversationId, conversation.StartedAt < cursor.RetainedFrom ? SkipReason.Retention : null, conversation.Key);

    /// <summary>Size and root of the whole list: of the stored rows and of the last row behind them.</summary>
    private static async Task<(long Conversations, byte[] Root)> RootAsync(
        NpgsqlConnection connection, JobId job, int lastSize, byte[] last, CancellationToken cancel)
    {
        var root = new MerkleRoot();
        await using var command = new NpgsqlCommand(RootsSql, connection) { Parameters = { new() { Value = job.Value } } };
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
                root.AddSubtree(reader.GetFieldValue<byte[]>(0), Manifest.RowSize);
        }
        return lastSize == 0 ? (root.Size, root.Root()) : (root.Size + lastSize, root.RootWithLast(last));
    }
}
