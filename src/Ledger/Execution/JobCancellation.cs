using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Machine;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;
using Marten;
using Npgsql;

namespace Ledger.Execution;

/// <summary>The result of a cancellation.</summary>
public abstract record CancellationResult
{
    private CancellationResult() { }

    /// <summary>The job has ended, as cancelled. Nothing more is deleted by it.</summary>
    public sealed record Cancelled : CancellationResult;

    /// <summary>The bot has no such job.</summary>
    public sealed record UnknownJob : CancellationResult;

    /// <summary>The job had ended before. Nothing was recorded.</summary>
    /// <param name="Reason">The reason, in plain words.</param>
    /// <param name="IsCancelled">True if it had ended as cancelled.</param>
    public sealed record TooLate(string Reason, bool IsCancelled) : CancellationResult;
}

/// <summary>
/// Cancels jobs (docs/adr/0049). It waits for the batch that is under way, and ends the job before the next one. The job's stream is locked
/// meanwhile, so a conversation is deleted and recorded, or neither.
/// </summary>
public sealed class JobCancellation(NpgsqlDataSource database, IDocumentStore store, JobWriter writer, KeyFolder keys, TimeProvider time)
{
    /// <summary>Maximum number of times that a transaction is tried, if it is lost or the connection dies under it.</summary>
    private const int Attempts = 4;

    private static readonly TimeSpan s_betweenAttempts = TimeSpan.FromMilliseconds(500);

    /// <summary>Cancels a job. A retry that has begun is settled first, a row of the manifest at a time.</summary>
    /// <param name="bot">The bot that the job must be of.</param>
    /// <param name="job">The job.</param>
    /// <param name="actor">The client that cancels it. It is recorded.</param>
    /// <param name="cancel">Stops it between two steps. Then the job goes on, unless a step of it was recorded.</param>
    /// <exception cref="OutcomeUnknownException">The commit's outcome could not be learnt (contract §5, 5031).</exception>
    /// <exception cref="JobKeyGoneException">A retry has begun, and the key is gone that would settle it.</exception>
    /// <exception cref="NpgsqlException">The database is unreachable. Nothing was recorded.</exception>
    public async Task<CancellationResult> CancelAsync(string bot, JobId job, string actor, CancellationToken cancel)
    {
        var inDoubt = false; // an earlier attempt may have been committed
        for (var attempt = 1; ; attempt++)
        {
            var sent = false;
            try
            {
                CancellationResult? result;
                while ((result = await StepAsync(bot, job, actor, () => sent = true, cancel)) is null)
                    (attempt, sent, inDoubt) = (1, false, false);
                // What this call recorded itself, and whose answer was lost, is not too late.
                return inDoubt && result is CancellationResult.TooLate { IsCancelled: true } ? new CancellationResult.Cancelled() : result;
            }
            catch (LostRaceException) when (attempt < Attempts)
            {
                // Another writer was first. The state by now decides.
            }
            catch (NpgsqlException e) when (inDoubt || (sent && OutcomeUnknownException.IsUnknownAfter(e)))
            {
                inDoubt = true;
                if (attempt >= Attempts)
                    throw new OutcomeUnknownException(e);
                await Task.Delay(s_betweenAttempts, time, CancellationToken.None);
            }
        }
    }

    /// <summary>One transaction. Null if the job is not at its end after it.</summary>
    private async Task<CancellationResult?> StepAsync(string bot, JobId job, string actor, Action sending, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
        if (await transaction.LockAsync(job.Value, cancel) == 0
            || await ClaimedJob.LockedAsync(connection, job.Value, window: null, cancel) is not { } locked)
            return new CancellationResult.UnknownJob();
        var claimed = await locked.ReadAsync(transaction, cancel);
        if (claimed.Job.Bot != bot)
            return new CancellationResult.UnknownJob();
        var (decision, row) = claimed.Job.IsRetryBegun
            ? await SettleAsync(connection, claimed, cancel)
            : (JobDecisions.Decide(claimed.Job, new Cancel()), null);
        if (decision.Rejection is { } rejection)
            return new CancellationResult.TooLate(rejection.Message, claimed.Job.Status == ReportedStatus.Cancelled);
        NpgsqlBatchCommand[] rows = row is null ? [] : [row];
        if (decision.Events[^1] is Completed { UntouchedFrom: { } from } end)
        {
            // The job's stream was locked first, and both are written together.
            var cancelled = new JobCancelled(bot, job.ToString()) { Actor = actor };
            transaction.Append(await transaction.LockAsync<Bot, Guid>(StreamIds.Bot(bot), cancel), [cancelled], claimed.Now);
            if (from < end.Conversations && claimed.OpenKeyOrNot(keys) is { } key)
                rows = [.. rows, await ManifestRest.WriteAsync(connection, job, key, from, end.Conversations, cancel)];
        }
        await writer.WriteAsync(
            transaction, claimed, decision.Events, claimed.Now, claimed.Resolving, rows, closing: null, cancel);
        FaultPoint.At("cancel.before-commit");
        sending();
        await transaction.CommitAsync(CancellationToken.None);
        FaultPoint.At("cancel.after-commit");
        return decision.Events[^1] is Completed ? new CancellationResult.Cancelled() : null;
    }

    /// <summary>The conversations of the next row that the retry still owes, as skipped. The store is not asked.</summary>
    private async Task<(Decision<JobEvent>, NpgsqlBatchCommand?)> SettleAsync(
        NpgsqlConnection connection, ClaimedJob claimed, CancellationToken cancel)
    {
        var key = claimed.OpenKey(keys);
        var row = await OwedRow.NextAsync(connection, key, claimed, Manifest.RowSize, cancel);
        Outcome[] outcomes =
        [
            .. row.Owed.Select(i => new Outcome.Skipped(
                row.First + i, key.Commit(IdentifierKind.Conversation, row.Entries[i].ConversationId), SkipReason.Cancelled)),
        ];
        var record = new RecordOutcomes(claimed.Job.Attempt, outcomes, Retry: null);
        return (JobDecisions.Decide(claimed.Job, record), row.Settle(claimed.Id, outcomes));
    }
}
