using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Conversations;
using Ledger.Jobs;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Ledger.Projections.Registry;
using Npgsql;

namespace Ledger.Execution;

/// <summary>A part of a request's list.</summary>
/// <param name="Entries">The conversations, at most <see cref="Manifest.RowSize"/>, each with its reason to be skipped.</param>
/// <param name="AfterKey">See <see cref="ListCursor.AfterKey"/>, after this part.</param>
/// <param name="IsLast">True if nothing follows.</param>
public sealed record ListPage(IReadOnlyList<ManifestEntry> Entries, long AfterKey, bool IsLast);

/// <summary>
/// Finds the conversations that a request names, part by part, and decides which of them are skipped. A job writes the parts to its
/// manifest (<see cref="ListResolver"/>), and a preview counts them (<see cref="JobPreview"/>).
/// </summary>
public sealed class RequestedList(ConversationStore store, ErasedIndex earlier)
{
    /// <summary>Fixes the values that hold for the whole list, at its beginning.</summary>
    /// <param name="now">The instant from which the retention period is counted back.</param>
    public async Task<ListCursor> BeginAsync(
        NpgsqlConnection connection, DeletionRequest request, Bot bot, DateTimeOffset now, CancellationToken cancel)
    {
        DateTimeOffset? retainedFrom = bot.RetentionDays is { } days ? Instant.Truncate(now.AddDays(-days)) : null;
        if (request is not DeletionRequest.ByChannelUser user)
            return new ListCursor(From: null, retainedFrom, AfterKey: 0, LastKey: 0, Rows: 0);
        // The last key comes first: a start that is read after it is early enough for every conversation up to it.
        var lastKey = await store.LastKeyAsync(connection, cancel);
        var from = user.From ?? await DefaultStartAsync(connection, bot, user.CId, cancel);
        return new ListCursor(from, retainedFrom, AfterKey: 0, lastKey, Rows: 0);
    }

    /// <summary>The next part of the list.</summary>
    /// <param name="job">The job that asks: what it erased itself is not <see cref="SkipReason.AlreadyErased"/>. No job for a
    /// preview.</param>
    /// <exception cref="ErasedNotReadException">The bot's erased conversations are not read yet.</exception>
    public async Task<ListPage> NextAsync(
        NpgsqlConnection connection, DeletionRequest request, Bot bot, ListCursor cursor, JobId job, CancellationToken cancel) =>
        request switch
        {
            DeletionRequest.ByConversationIds ids => await ByIdsAsync(connection, bot, ids, cursor, job, cancel),
            DeletionRequest.ByChannelUser user => await ByChannelUserAsync(connection, bot, user, cursor, cancel),
            _ => throw new InvalidOperationException("unknown request"),
        };

    /// <summary>The reason to skip a conversation that the store does not have.</summary>
    /// <param name="erased">Those that another job erased.</param>
    public static SkipReason ReasonOfMissing(string conversationId, IReadOnlySet<string> erased) =>
        erased.Contains(conversationId) ? SkipReason.AlreadyErased : SkipReason.NotFound;

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

    private async Task<ListPage> ByChannelUserAsync(
        NpgsqlConnection connection, Bot bot, DeletionRequest.ByChannelUser user, ListCursor cursor, CancellationToken cancel)
    {
        var found = await store.FindByChannelUserAsync(
            connection, bot.BotId, user.CId, cursor.From!.Value, user.To, cursor.AfterKey, cursor.LastKey, Manifest.RowSize, cancel);
        return new ListPage(
            [.. found.Select(conversation => Entry(conversation, cursor))], found.Count == 0 ? cursor.AfterKey : found[^1].Key,
            IsLast: found.Count < Manifest.RowSize);
    }

    private async Task<ListPage> ByIdsAsync(
        NpgsqlConnection connection, Bot bot, DeletionRequest.ByConversationIds request, ListCursor cursor, JobId job,
        CancellationToken cancel)
    {
        var found = (await store.FindByIdsAsync(connection, bot.BotId, request.ConversationIds, cancel)).ToDictionary(
            c => c.ConversationId, StringComparer.Ordinal);
        var missing = request.ConversationIds.Where(id => !found.ContainsKey(id)).ToArray();
        var erased = await earlier.FindAsync(connection, bot.BotId, job, missing, cancel);
        ManifestEntry[] entries =
        [
            .. request.ConversationIds.Select(id => found.TryGetValue(id, out var conversation)
                ? Entry(conversation, cursor)
                : new ManifestEntry(id, ReasonOfMissing(id, erased), Key: 0)),
        ];
        return new ListPage(entries, cursor.AfterKey, IsLast: true);
    }

    private static ManifestEntry Entry(FoundConversation conversation, ListCursor cursor) =>
        new(conversation.ConversationId, conversation.StartedAt < cursor.RetainedFrom ? SkipReason.Retention : null, conversation.Key);
}
