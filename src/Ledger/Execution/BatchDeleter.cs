using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Identifiers;
using Ledger.Jobs;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// One batch of a started job: deletes up to so many conversations of one manifest row, confirms that they are gone, and appends their outcomes, all in the
/// claim's transaction. A crash rolls back to the batch's beginning.
/// </summary>
public static class BatchDeleter
{
    private static readonly string NextRowSql = Sql.Load(typeof(BatchDeleter), nameof(NextRowAsync));
    private static readonly string SettleSql = Sql.Load(typeof(BatchDeleter), "Settle");

    private sealed record Row(int Number, byte[] Sealed, byte[] Outcomes);

    /// <param name="closing">The end of the opening: nothing is deleted once the database's clock has reached it.</param>
    /// <param name="retry">When to try again what fails, should this batch be the attempt's last.</param>
    /// <param name="size">Conversations, at most.</param>
    /// <returns>The events appended, and the database's clock after everything was written; the caller commits only if that is before <paramref name="closing"/>.</returns>
    public static async Task<(IReadOnlyList<JobEvent> Events, DateTimeOffset Clock)> StepAsync(
        NpgsqlConnection connection, KeyFolder keys, ClaimedJob claimed, DateTimeOffset closing, Plan retry, int size, CancellationToken cancel)
    {
        var key = claimed.OpenKey(keys);
        var row = await NextRowAsync(connection, claimed, cancel);
        var first = (long)row.Number * Manifest.RowSize;
        var entries = Manifest.Unseal(key, row.Number, row.Sealed);
        var open = Enumerable.Range(0, entries.Count)
            .Where(i => first + i >= claimed.Job.Cursor && OutcomeCode.IsOpen(row.Outcomes[i]))
            .Take(size).ToArray();
        var deletable = open.Where(i => entries[i].Skip is null).Select(i => entries[i].ConversationId).ToArray();
        // While PostgreSQL deletes, this side hashes.
        var commitments = Task.Run(() => open.ToDictionary(i => i, i => key.Commit(IdentifierKind.Conversation, entries[i].ConversationId)), cancel);
        var results = await DeleteAsync(connection, claimed.Job.Bot, deletable, closing, cancel);
        var missing = deletable.Where(id => results[id] is null).ToArray();
        var erased = await EarlierErasures.FindAsync(connection, keys, claimed.Job.Bot, claimed.Id, missing, cancel);
        var commitment = await commitments;
        var outcomes = open.Select(i => OutcomeOf(first + i, commitment[i], entries[i], results, erased)).ToArray();
        var decision = JobDecisions.Decide(claimed.Job, new RecordOutcomes(claimed.Job.Attempt, outcomes, retry));
        if (decision.Rejection is { } rejection)
            throw new InvalidOperationException(rejection.Message);
        var clock = await JobWriter.WriteAsync(connection, claimed, decision.Events, resolving: null, [Settle(claimed.Id, row, first, outcomes)], cancel);
        return (decision.Events, clock);
    }

    /// <summary>
    /// Deletes, and where the store refuses a set of conversations, halves it until those that cannot be deleted stand alone. Null: there was no such conversation.
    /// </summary>
    private static async Task<Dictionary<string, Result?>> DeleteAsync(
        NpgsqlConnection connection, string bot, IReadOnlyList<string> ids, DateTimeOffset closing, CancellationToken cancel)
    {
        if (ids.Count == 0)
            return [];
        try
        {
            await ExecuteAsync(connection, "savepoint deletion", cancel);
            var removed = await ConversationStore.DeleteAsync(connection, bot, ids, closing, cancel);
            await ExecuteAsync(connection, "release savepoint deletion", cancel);
            return ids.ToDictionary(id => id, id => removed.TryGetValue(id, out var items) ? new Result(items, null) : null, StringComparer.Ordinal);
        }
        catch (Exception e) when (Reason(e) is { } reason)
        {
            await ExecuteAsync(connection, "rollback to savepoint deletion", CancellationToken.None);
            if (ids.Count == 1)
                return new(StringComparer.Ordinal) { [ids[0]] = new Result(ItemCounts.None, reason) };
        }
        var half = ids.Count / 2;
        var results = await DeleteAsync(connection, bot, [.. ids.Take(half)], closing, cancel);
        foreach (var (id, result) in await DeleteAsync(connection, bot, [.. ids.Skip(half)], closing, cancel))
            results.Add(id, result);
        return results;
    }

    private sealed record Result(ItemCounts Items, FailureReason? Failure);

    /// <summary>Which failures are a conversation's own. All others (a lost connection, a deadlock, a shutdown) end the transaction and are nobody's outcome.</summary>
    private static FailureReason? Reason(Exception e) => e switch
    {
        NotConfirmedException or PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation, ConstraintName: ConversationStore.ItemsConstraint } =>
            FailureReason.NotConfirmed,
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } => FailureReason.Locked,
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => FailureReason.Timeout,
        PostgresException { IsTransient: false, InvariantSeverity: "ERROR" } p when p.SqlState[..2] is "22" or "23" or "27" or "38" or "39" or "42" or "44" or "P0" => FailureReason.StoreRefused,
        _ => null,
    };

    private static Outcome OutcomeOf(
        long ordinal, byte[] commitment, ManifestEntry entry, Dictionary<string, Result?> results, IReadOnlySet<string> erased)
    {
        if (entry.Skip is { } skip)
            return new Outcome.Skipped(ordinal, commitment, skip);
        return results[entry.ConversationId] switch
        {
            null => new Outcome.Skipped(ordinal, commitment, erased.Contains(entry.ConversationId) ? SkipReason.AlreadyErased : SkipReason.NotFound),
            { Failure: { } reason } => new Outcome.Failed(ordinal, commitment, reason),
            var result => new Outcome.Deleted(ordinal, commitment, result.Items),
        };
    }

    private static async Task<Row> NextRowAsync(NpgsqlConnection connection, ClaimedJob claimed, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(NextRowSql, connection)
        {
            Parameters = { new() { Value = claimed.Id.Value }, new() { Value = (int)(claimed.Job.Cursor / Manifest.RowSize) } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            throw new InvalidOperationException("the job owes outcomes, but its manifest has no open row");
        return new Row(reader.GetInt32(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
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
        return new NpgsqlBatchCommand(SettleSql)
        {
            Parameters =
            {
                new() { Value = job.Value }, new() { Value = row.Number }, new() { Value = row.Outcomes }, new() { Value = settled }, new() { Value = settled.Count(OutcomeCode.IsOpen) },
            },
        };
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
