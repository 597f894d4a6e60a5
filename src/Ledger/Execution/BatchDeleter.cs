using System.Security.Cryptography;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Holds;
using Ledger.Jobs;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Ledger.Windows;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// One batch of a started job. It deletes a limited number of conversations of one manifest row, confirms that they are gone, and appends
/// their outcomes, all in the claim's transaction. A crash rolls back to the batch's beginning. What is under a legal hold is skipped.
/// </summary>
public sealed class BatchDeleter(ConversationStore store, JobWriter writer, KeyFolder keys, ErasedIndex earlier, LiveHolds holds)
{
    private static readonly string NextRowSql = Sql.Load(typeof(BatchDeleter), nameof(NextRowAsync));

    private sealed record Row(int Number, byte[] Sealed, byte[] Outcomes);

    /// <summary>Deletes the next conversations that the job owes an outcome. The caller commits.</summary>
    /// <param name="batch">The job.</param>
    /// <param name="size">Maximum number of conversations.</param>
    /// <param name="retryAfter">
    /// The plan for the next attempt, if this batch is the attempt's last, something failed and the batch ends at the given instant. Null
    /// for no retry.
    /// </param>
    /// <param name="isLate">True if the batch should end now, with the outcomes that it has by then (at least one).</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The events appended.</returns>
    /// <exception cref="WindowClosedException">The window has closed. The caller rolls back.</exception>
    public async Task<IReadOnlyList<JobEvent>> DeleteAsync(
        BatchContext batch, int size, Func<DateTimeOffset, Plan?> retryAfter, Func<bool> isLate, CancellationToken cancel)
    {
        var (connection, claimed) = (batch.Connection, batch.Claimed);
        var key = claimed.OpenKey(keys);
        var (row, entries, open) = await NextOpenAsync(connection, key, claimed, size, cancel);
        var first = (long)row.Number * Manifest.RowSize;
        // While PostgreSQL deletes, this side hashes.
        var commitments = Task.Run(
            () => open.ToDictionary(i => i, i => key.Commit(IdentifierKind.Conversation, entries[i].ConversationId)), cancel);
        long[] wanted = [.. open.Where(i => entries[i].Skip is null).Select(i => entries[i].Key)];
        // From here to the commit no hold is placed: whoever places one waits, and is answered afterwards.
        var held = await holds.FindAsync(connection, claimed.Job.Bot, wanted, cancel);
        long[] deletable = [.. wanted.Where(conversation => !held.ContainsKey(conversation))];
        var results = await store.DeleteAsync(
            connection, new StoreBatch(claimed.Job.Bot, deletable, CIdOf(key, claimed), isLate), cancel);
        SkipReason? SkipOf(int i) => entries[i].Skip ?? (held.ContainsKey(entries[i].Key) ? SkipReason.LegalHold : null);
        int[] decided = [.. open.TakeWhile(i => SkipOf(i) is not null || results.ContainsKey(entries[i].Key))];
        string[] missing =
        [
            .. decided.Where(i => SkipOf(i) is null && results[entries[i].Key] is StoreOutcome.Missing)
                .Select(i => entries[i].ConversationId),
        ];
        var erased = await earlier.FindAsync(connection, claimed.Job.Bot, claimed.Id, missing, cancel);
        var deletedAt = await ClockAsync(connection, cancel);
        var commitment = await commitments;
        Outcome[] outcomes = [.. decided.Select(i => OutcomeOf(first + i, commitment[i], entries[i], SkipOf(i), results, erased))];
        var events = JobDecisions.Decide(claimed.Job, new RecordOutcomes(claimed.Job.Attempt, outcomes, retryAfter(deletedAt))).Accepted();
        await writer.WriteAsync(
            batch.Transaction, claimed, events, deletedAt, resolving: null,
            [Settle(claimed.Id, row, first, outcomes), .. HeldBack(claimed.Id, decided.Select(i => entries[i].Key), held)], batch.Closing,
            cancel);
        return events;
    }

    /// <summary>The next ordinals that this attempt owes an outcome. They are in the first row, from the cursor on, that has any.</summary>
    private static async Task<(Row Row, IReadOnlyList<ManifestEntry> Entries, int[] Open)> NextOpenAsync(
        NpgsqlConnection connection, JobKey key, ClaimedJob claimed, int size, CancellationToken cancel)
    {
        var from = (int)(claimed.Job.Cursor / Manifest.RowSize);
        while (true)
        {
            var row = await NextRowAsync(connection, claimed.Id, from, cancel);
            var first = (long)row.Number * Manifest.RowSize;
            int[] open =
            [
                .. Enumerable
                    .Range(0, row.Outcomes.Length)
                    .Where(i => first + i >= claimed.Job.Cursor && OutcomeCode.IsOpen(row.Outcomes[i]))
                    .Take(size),
            ];
            if (open.Length > 0)
                return (row, Manifest.Unseal(key, row.Number, row.Sealed), open);
            // What is open in this row has failed again in this attempt, below the cursor: it stays open for the next.
            from = row.Number + 1;
        }
    }

    /// <summary>
    /// The channel user whose conversations the job erases. Null if the job names conversations, or if its sealed request is damaged but
    /// its list is not.
    /// </summary>
    private static string? CIdOf(JobKey key, ClaimedJob claimed)
    {
        try
        {
            var request = SealedRequest.Read(key.Unseal(SealedKind.Request, 0, claimed.Secrets!.SealedRequest));
            return (request as DeletionRequest.ByChannelUser)?.CId;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static Outcome OutcomeOf(
        long ordinal, byte[] commitment, ManifestEntry entry, SkipReason? skip, Dictionary<long, StoreOutcome> results,
        IReadOnlySet<string> erased)
    {
        if (skip is { } reason)
            return new Outcome.Skipped(ordinal, commitment, reason);
        return results[entry.Key] switch
        {
            StoreOutcome.Deleted deleted => new Outcome.Deleted(ordinal, commitment, deleted.Items),
            StoreOutcome.Failed failed => new Outcome.Failed(ordinal, commitment, failed.Reason),
            StoreOutcome.Missing => new Outcome.Skipped(
                ordinal, commitment, erased.Contains(entry.ConversationId) ? SkipReason.AlreadyErased : SkipReason.NotFound),
            _ => throw new InvalidOperationException("unknown outcome"),
        };
    }

    private static async Task<Row> NextRowAsync(NpgsqlConnection connection, JobId job, int from, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(NextRowSql, connection)
        {
            Parameters = { new() { Value = job.Value }, new() { Value = from } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            throw new InvalidOperationException("the job owes outcomes, but its manifest has no open row");
        return new Row(reader.GetInt32(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
    }

    private static async Task<DateTimeOffset> ClockAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select clock_timestamp()", connection);
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancel))!);
    }

    /// <summary>Records for each hold how many of these conversations the job skipped because of it.</summary>
    private static IEnumerable<NpgsqlBatchCommand> HeldBack(
        JobId job, IEnumerable<long> decided, IReadOnlyDictionary<long, IReadOnlyList<HoldId>> held) =>
        decided.Where(held.ContainsKey).SelectMany(conversation => held[conversation]).CountBy(hold => hold)
            .Select(one => HoldSkips.Add(one.Key, job, one.Value));

    /// <summary>Records the outcomes in the manifest, by a compare-and-set on all outcomes of the row.</summary>
    private static NpgsqlBatchCommand Settle(JobId job, Row row, long first, IReadOnlyList<Outcome> outcomes)
    {
        var settled = row.Outcomes.ToArray();
        foreach (var outcome in outcomes)
        {
            settled[outcome.Ordinal - first] = outcome switch
            {
                Outcome.Deleted => OutcomeCode.Deleted,
                Outcome.Skipped o => OutcomeCode.Skipped(o.Reason),
                Outcome.Failed o => OutcomeCode.Failed(o.Reason),
                _ => throw new InvalidOperationException("unknown outcome"),
            };
        }
        return SealedRows.Settle(job, row.Number, row.Outcomes, settled);
    }
}
