using System.Security.Cryptography;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Conversations;
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
        var row = await OwedRow.NextAsync(connection, key, claimed, size, cancel);
        var (entries, open, first) = (row.Entries, row.Owed, row.First);
        // While PostgreSQL deletes, this side hashes.
        var commitments = Task.Run(
            () => open.ToDictionary(i => i, i => key.Commit(IdentifierKind.Conversation, entries[i].ConversationId)), cancel);
        // The cancellation of a retry was cut off. What it still owes is not touched any more.
        SkipReason? ListedSkip(int i) => claimed.Job.IsBeingCancelled ? SkipReason.Cancelled : entries[i].Skip;
        long[] wanted = [.. open.Where(i => ListedSkip(i) is null).Select(i => entries[i].Key)];
        // From here to the commit no hold is placed: whoever places one waits, and is answered afterwards.
        var held = await holds.FindAsync(connection, claimed.Job.Bot, wanted, cancel);
        SkipReason? SkipOf(int i) => ListedSkip(i) ?? (held.ContainsKey(entries[i].Key) ? SkipReason.LegalHold : null);
        long[] deletable = [.. wanted.Where(conversation => !held.ContainsKey(conversation))];
        var results = await store.DeleteAsync(
            connection, new StoreBatch(claimed.Job.Bot, deletable, CIdOf(key, claimed), isLate), cancel);
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
            [row.Settle(claimed.Id, outcomes), .. HeldBack(claimed.Id, decided.Select(i => entries[i].Key), held)], batch.Closing,
            cancel);
        return events;
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
                ordinal, commitment, RequestedList.ReasonOfMissing(entry.ConversationId, erased)),
            _ => throw new InvalidOperationException("unknown outcome"),
        };
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
}
