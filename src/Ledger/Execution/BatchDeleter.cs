using System.Security.Cryptography;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Jobs;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Ledger.Windows;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// One batch of a started job: deletes up to so many conversations of one manifest row, confirms that they are gone, and appends their
/// outcomes, all in the claim's transaction. A crash rolls back to the batch's beginning.
/// </summary>
public static class BatchDeleter
{
    private static readonly string NextRowSql = Sql.Load(typeof(BatchDeleter), nameof(NextRowAsync));

    private sealed record Row(int Number, byte[] Sealed, byte[] Outcomes);

    /// <param name="closing">The end of the opening: nothing is deleted once the database's clock has reached it.</param>
    /// <param name="retryAfter">
    /// When to try again what fails, should this batch be the attempt's last and end at a given instant; null: never.
    /// </param>
    /// <param name="size">Conversations, at most.</param>
    /// <param name="isLate">Whether the batch should come to its end, with the outcomes that it has by then (at least one).</param>
    /// <returns>The events appended.</returns>
    /// <exception cref="WindowClosedException">The closing has come: roll back.</exception>
    public static async Task<IReadOnlyList<JobEvent>> StepAsync(
        StreamTransaction transaction, JobWriter writer, KeyFolder keys, ErasedIndex earlier, ClaimedJob claimed, DateTimeOffset closing,
        Func<DateTimeOffset, Plan?> retryAfter, int size, Func<bool> isLate, CancellationToken cancel)
    {
        var connection = transaction.Connection;
        var key = claimed.OpenKey(keys);
        var (row, entries, open) = await NextOpenAsync(connection, key, claimed, size, cancel);
        var first = (long)row.Number * Manifest.RowSize;
        // While PostgreSQL deletes, this side hashes.
        var commitments = Task.Run(
            () => open.ToDictionary(i => i, i => key.Commit(IdentifierKind.Conversation, entries[i].ConversationId)), cancel);
        long[] deletable = [.. open.Where(i => entries[i].Skip is null).Select(i => entries[i].Key)];
        var results = await DeleteWithUsersAsync(connection, claimed.Job.Bot, deletable, CIdOf(key, claimed), closing, isLate, cancel);
        int[] decided = [.. open.TakeWhile(i => entries[i].Skip is not null || results.ContainsKey(entries[i].Key))];
        string[] missing =
        [.. decided.Where(i => entries[i].Skip is null && results[entries[i].Key] is null).Select(i => entries[i].ConversationId)];
        var erased = await earlier.FindAsync(connection, claimed.Job.Bot, claimed.Id, missing, cancel);
        var deletedAt = await ClockAsync(connection, cancel);
        var commitment = await commitments;
        Outcome[] outcomes = [.. decided.Select(i => OutcomeOf(first + i, commitment[i], entries[i], results, erased))];
        var events = JobDecisions.Decide(claimed.Job, new RecordOutcomes(claimed.Job.Attempt, outcomes, retryAfter(deletedAt))).Accepted();
        await writer.WriteAsync(
            transaction, claimed, events, deletedAt, resolving: null, [Settle(claimed.Id, row, first, outcomes)], closing, cancel);
        return events;
    }

    /// <summary>The next ordinals that this attempt owes an outcome: those of the first row, from the cursor's on, that has any.</summary>
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
    /// The channel user whose conversations the job erases; null where it names conversations, or where its sealed request is damaged and
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

    private static async Task<Dictionary<long, Result?>> DeleteWithUsersAsync(
        NpgsqlConnection connection, string bot, IReadOnlyList<long> keys, string? cId, DateTimeOffset closing, Func<bool> isLate,
        CancellationToken cancel)
    {
        if (keys.Count == 0)
            return [];
        var (lockable, users, failure) = await LockUsersAsync(connection, bot, keys, cId, isLate, cancel);
        return failure is { } reason
            ? new() { [lockable[0]] = new Result(ItemCounts.None, reason) }
            : await DeleteAsync(connection, bot, lockable, users, closing, isLate, cancel);
    }

    /// <summary>
    /// Locks the conversations' channel users, once and outside of the deletion's savepoints: a lock that is given back and taken again
    /// while conversations are locked would be one in the wrong order. Where somebody holds a user, the batch shrinks to the first
    /// conversations whose users are free; a single conversation whose user is not free fails.
    /// </summary>
    private static async Task<(IReadOnlyList<long> Keys, IReadOnlyList<string> Users, FailureReason? Failure)> LockUsersAsync(
        NpgsqlConnection connection, string bot, IReadOnlyList<long> keys, string? cId, Func<bool> isLate, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await ExecuteAsync(connection, "savepoint users", cancel);
                var users = await ConversationStore.LockUsersAsync(connection, bot, keys, cId, cancel);
                await ExecuteAsync(connection, "release savepoint users", cancel);
                return (keys, users, null);
            }
            catch (Exception e) when (StoreFailure.ReasonOf(e) is { } reason)
            {
                await ExecuteAsync(connection, "rollback to savepoint users", CancellationToken.None);
                if (keys.Count == 1)
                    return (keys, [], reason);
            }
            keys = [.. keys.Take(isLate() ? 1 : keys.Count / 2)];
        }
    }

    /// <summary>
    /// Deletes, and where the store refuses a set of conversations, halves it until those that cannot be deleted stand alone. Null: there
    /// was no such conversation. The keys that are decided when it gets late are the first ones.
    /// </summary>
    private static async Task<Dictionary<long, Result?>> DeleteAsync(
        NpgsqlConnection connection, string bot, IReadOnlyList<long> keys, IReadOnlyList<string> users, DateTimeOffset closing,
        Func<bool> isLate, CancellationToken cancel)
    {
        try
        {
            await ExecuteAsync(connection, "savepoint deletion", cancel);
            var removed = await ConversationStore.DeleteAsync(connection, bot, keys, users, closing, cancel);
            await ExecuteAsync(connection, "release savepoint deletion", cancel);
            return keys.ToDictionary(key => key, key => removed.TryGetValue(key, out var items) ? new Result(items, null) : null);
        }
        catch (Exception e) when (StoreFailure.ReasonOf(e) is { } reason)
        {
            await ExecuteAsync(connection, "rollback to savepoint deletion", CancellationToken.None);
            if (keys.Count == 1)
                return new() { [keys[0]] = new Result(ItemCounts.None, reason) };
        }
        var half = keys.Count / 2;
        var results = await DeleteAsync(connection, bot, [.. keys.Take(half)], users, closing, isLate, cancel);
        if (results.Count < half || isLate())
            return results;
        foreach (var (key, result) in await DeleteAsync(connection, bot, [.. keys.Skip(half)], users, closing, isLate, cancel))
            results.Add(key, result);
        return results;
    }

    private sealed record Result(ItemCounts Items, FailureReason? Failure);

    private static Outcome OutcomeOf(
        long ordinal, byte[] commitment, ManifestEntry entry, Dictionary<long, Result?> results, IReadOnlySet<string> erased)
    {
        if (entry.Skip is { } skip)
            return new Outcome.Skipped(ordinal, commitment, skip);
        return results[entry.Key] switch
        {
            null => new Outcome.Skipped(
                ordinal, commitment, erased.Contains(entry.ConversationId) ? SkipReason.AlreadyErased : SkipReason.NotFound),
            { Failure: { } reason } => new Outcome.Failed(ordinal, commitment, reason),
            var result => new Outcome.Deleted(ordinal, commitment, result.Items),
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

    /// <summary>Records in the manifest what became of the ordinals; a compare-and-set on all of the row's outcomes.</summary>
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

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
