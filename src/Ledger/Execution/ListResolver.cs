using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Jobs;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// Resolves a job's request into its manifest, one row a step. Each step is a transaction of its own, so memory stays flat and a crash
/// costs one row. The step that writes the last row appends <see cref="Started"/>.
/// </summary>
public sealed class ListResolver(ConversationStore store, RequestedList list, JobWriter writer, KeyFolder keys)
{
    private static readonly string RootsSql = Sql.Load(typeof(ListResolver), nameof(RootAsync));

    /// <summary>One step for a claimed job that has not started. The caller commits.</summary>
    /// <exception cref="WindowClosedException">Something was to be deleted, but the window has closed.</exception>
    public async Task<IReadOnlyList<JobEvent>> ResolveAsync(BatchContext batch, CancellationToken cancel)
    {
        var (transaction, connection, claimed, bot) = (batch.Transaction, batch.Connection, batch.Claimed, batch.Bot);
        var key = claimed.OpenKey(keys);
        var request = SealedRequest.Read(key.Unseal(SealedKind.Request, 0, claimed.Secrets!.SealedRequest));
        var cursor = claimed.Resolving ?? await list.BeginAsync(connection, request, bot, claimed.Now, cancel);
        var (entries, afterKey, isLast) = await list.NextAsync(connection, request, bot, cursor, claimed.Id, cancel);
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
