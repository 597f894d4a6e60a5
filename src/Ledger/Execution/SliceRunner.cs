using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Execution.Turns;
using Ledger.Jobs;
using Ledger.Jobs.Erased;
using Ledger.Machine;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Ledger.Windows;
using Marten;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// Does the work of a turn, step by step. Each step is one transaction on one claimed job. The turn ends after <see cref="SliceLength"/> or
/// when nothing is due.
/// </summary>
public sealed class SliceRunner(
    IDocumentStore store, ListResolver resolver, BatchDeleter deleter, JobWriter writer, RegistryCache registry, ErasedIndex earlier,
    WindowPlanner planner, TimeProvider time, ExecutionOptions options, ILogger<SliceRunner> log)
{
    /// <summary>A slice ends at the first batch boundary after this.</summary>
    public static readonly TimeSpan SliceLength = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Postponement = TimeSpan.FromSeconds(15);

    /// <summary>The wait before a job is looked at again whose window never opens again. Somebody has to change the window, or the
    /// bot.</summary>
    private static readonly TimeSpan LongPostponement = TimeSpan.FromMinutes(5);

    private static readonly string LeaveSql = Sql.Load(typeof(SliceRunner), nameof(LeaveAsync));
    private static readonly string PostponeSql = Sql.Load(typeof(SliceRunner), nameof(PostponeAsync));
    private static readonly TimeSpan LongBatch = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortBatch = TimeSpan.FromMilliseconds(500);

    /// <summary>For each window, the bot that had the latest turn on this node.</summary>
    private readonly ConcurrentDictionary<string, string> _lastBots = new(StringComparer.Ordinal);

    /// <summary>Works on what is due.</summary>
    /// <param name="session">The lane's session.</param>
    /// <param name="slice">The slice to work on.</param>
    /// <param name="cancel">Ends it at the next batch.</param>
    /// <returns>True if nothing is due any more that it could claim. False if its time is up or it was cancelled.</returns>
    /// <exception cref="NpgsqlException">The database is away. Work that was not committed counts as not begun.</exception>
    public async Task<bool> RunSliceAsync(NpgsqlConnection session, Slice slice, CancellationToken cancel)
    {
        var size = options.BatchSize;
        var due = new DueJobs(slice.Window, _lastBots.GetValueOrDefault(slice.Window), time);
        JobId? at = null; // the job that this turn is at
        while (!cancel.IsCancellationRequested && time.GetElapsedTime(slice.Began) < SliceLength)
        {
            var stepBegan = time.GetTimestamp();
            var step = await RunBatchAsync(session, slice, due, at, size, cancel);
            if (due.LastBot is { } bot)
                _lastBots[slice.Window] = bot;
            if (!step.IsAny)
                return true;
            at = step.At;
            await slice.SteppedAsync();
            Garbage.CollectYoung();
            // Large conversations make long transactions: a batch shrinks until it fits, so that a window's end is met on time.
            var took = time.GetElapsedTime(stepBegan);
            size = took > LongBatch ? Math.Max(1, size / 2) : took < ShortBatch ? Math.Min(options.BatchSize, size * 2) : size;
        }
        if (at is { } left)
            await LeaveAsync(session, left);
        return false;
    }

    /// <summary>Lets go of the job, so that the other jobs of its bot that are due by now go before it.</summary>
    private static async Task LeaveAsync(NpgsqlConnection session, JobId job)
    {
        await using var batch = new NpgsqlBatch(session)
        {
            BatchCommands = { Lock(job), new(LeaveSql) { Parameters = { new() { Value = job.Value } } } },
        };
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>One transaction on one job.</summary>
    /// <param name="at">
    /// The job that the turn is working on. The turn goes on with it as long as there is something to do. Null to take the next job.
    /// </param>
    /// <returns>True if anything was due, and the job that the turn is working on now.</returns>
    private async Task<(bool IsAny, JobId? At)> RunBatchAsync(
        NpgsqlConnection connection, Slice slice, DueJobs due, JobId? at, int size, CancellationToken cancel)
    {
        var snapshot = await registry.CurrentAsync(cancel);
        ClaimedJob? claimed = null;
        try
        {
            await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
            claimed = at is { } job ? await ClaimedJob.StayAsync(connection, job, slice.Window, cancel) : null;
            claimed ??= snapshot.Whole.Pause is null
                ? await due.NextAsync(connection, snapshot.UnpausedBots ?? snapshot.Bots.Keys, cancel)
                : null;
            if (claimed is null)
                return (false, null);
            // A shutdown lets the step that it meets come to its end.
            var read = await claimed.ReadAsync(transaction, CancellationToken.None);
            if (!await DeletionPauses.MayBeginAsync(connection, read.Job.Bot, snapshot.Whole, CancellationToken.None))
            {
                // The pause is newer than the snapshot: the next step sees it, and does not take up the bot again.
                await registry.ReadSinceAsync(time.GetTimestamp(), cancel);
                due.LookAgain();
                return (true, null);
            }
            var goesOn = await WorkAsync(transaction, read, snapshot, slice, size);
            return (true, goesOn ? claimed.Id : null);
        }
        catch (ErasedNotReadException e) when (claimed is not null)
        {
            await ReadEarlierAsync(connection, claimed, e.Bot, cancel);
            return (true, claimed.Id);
        }
        catch (Exception e) when (claimed is not null && connection.State == System.Data.ConnectionState.Open)
        {
            await PostponeAsync(connection, claimed, e);
            return (true, null);
        }
    }

    /// <summary>Reads the bot's erased conversations. The job keeps its turn, nothing is locked meanwhile, and a shutdown stops
    /// it.</summary>
    private async Task ReadEarlierAsync(NpgsqlConnection connection, ClaimedJob claimed, string bot, CancellationToken cancel)
    {
        try
        {
            await earlier.ReadAsync(connection, bot, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && connection.State == System.Data.ConnectionState.Open)
        {
            await PostponeAsync(connection, claimed, e);
        }
    }

    /// <summary>Puts off a job that cannot go on for a reason of its own, so that the other jobs of its window do not wait.</summary>
    private async Task PostponeAsync(NpgsqlConnection connection, ClaimedJob claimed, Exception e)
    {
        // The message may quote an identifier: type and SQLSTATE say enough to look further.
        log.LogError(
            "Job {Job} could not go on and is tried again in {Seconds} s: {Error}",
            claimed.Id, Postponement.TotalSeconds, Failure.Describe(e));
        await PostponeAsync(connection, claimed, Postponement);
    }

    private static async Task PostponeAsync(NpgsqlConnection connection, ClaimedJob claimed, TimeSpan by)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Lock(claimed.Id),
                new(PostponeSql)
                {
                    Parameters = { new() { Value = claimed.Id.Value }, new() { Value = claimed.Version }, new() { Value = by } },
                },
            },
        };
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Locks the job. The statements after it see what was committed before the lock.</summary>
    private static NpgsqlBatchCommand Lock(JobId job) =>
        new("select 1 from ledger.mt_streams where id = $1 for update") { Parameters = { new() { Value = job.Value } } };

    /// <returns>True if the turn can go on with this job at once.</returns>
    private async Task<bool> WorkAsync(
        StreamTransaction transaction, ClaimedJob claimed, RegistrySnapshot snapshot, Slice slice, int size)
    {
        var closing = ClosingOf(claimed, snapshot.Windows[slice.Window]);
        var batch = new BatchContext(transaction, claimed, snapshot, closing ?? claimed.Now);
        if (closing is not null)
            return claimed.Job.IsStarted ? await DeleteAsync(batch, size, slice.Began) : await ResolveAsync(batch);
        await ReplanAsync(batch);
        return false;
    }

    /// <summary>
    /// The instant when the job must stop: the end of the opening that it is planned into. Null if that has passed, or if its window is
    /// closed by today's definition.
    /// </summary>
    private DateTimeOffset? ClosingOf(ClaimedJob claimed, DeletionWindow window)
    {
        var planned = claimed.Job.Window!;
        return claimed.Now < planned.Closes && planner.OpenAt(window, claimed.Now) is { } opening
            ? planned.Closes < opening.Closes ? planned.Closes : opening.Closes
            : null;
    }

    private async Task<bool> ResolveAsync(BatchContext batch)
    {
        IReadOnlyList<JobEvent> events;
        try
        {
            events = await resolver.ResolveAsync(batch, CancellationToken.None);
        }
        catch (WindowClosedException)
        {
            await batch.Transaction.RollbackAsync(CancellationToken.None);
            await AgainAsync(batch, ReplanAsync);
            return false;
        }
        catch (Exception e) when (e is CryptographicException or JobKeyGoneException || StoreFailure.ReasonOf(e) is not null)
        {
            await FailAttemptAsync(batch);
            return false;
        }
        FaultPoint.At(events.Count == 0 ? "list.before-commit" : "started.before-commit");
        await batch.Transaction.CommitAsync(CancellationToken.None);
        FaultPoint.At("list.after-commit");
        return events.Count == 0; // once it has started, it waits for the log
    }

    private async Task<bool> DeleteAsync(BatchContext batch, int size, long began)
    {
        IReadOnlyList<JobEvent> events;
        try
        {
            events = await deleter.DeleteAsync(
                batch, size, at => RetryPlan(batch, at), () => time.GetElapsedTime(began) > SliceLength, CancellationToken.None);
        }
        catch (WindowClosedException)
        {
            // The window closed under the batch: nothing of it counts.
            await batch.Transaction.RollbackAsync(CancellationToken.None);
            await AgainAsync(batch, ReplanAsync);
            return false;
        }
        var end = events[^1] switch { Completed => "completed", Scheduled => "retry", _ => "batch" };
        FaultPoint.At($"{end}.before-commit");
        await batch.Transaction.CommitAsync(CancellationToken.None);
        FaultPoint.At($"{end}.after-commit");
        return events[^1] is not (Completed or Scheduled);
    }

    /// <summary>Plans the job again. Its opening has ended, or its window's definition changed so that it is closed now.</summary>
    private async Task ReplanAsync(BatchContext batch)
    {
        var job = batch.Claimed.Job;
        if (planner.TryPlan(batch.Window, batch.Claimed.Now) is not { } plan)
        {
            await WaitForAnotherWindowAsync(batch);
            return;
        }
        var events = JobDecisions.Decide(job, new Replan(new Plan(job.PlannedAt, job.Window!), plan)).Accepted();
        await writer.WriteAsync(
            batch.Transaction, batch.Claimed, events, batch.Claimed.Now, batch.Claimed.Resolving, [], closing: null,
            CancellationToken.None);
        FaultPoint.At("window-closed.before-commit");
        await batch.Transaction.CommitAsync(CancellationToken.None);
        FaultPoint.At("window-closed.after-commit");
    }

    /// <summary>Lets the job wait, because the bot's window never opens again. The job keeps its plan, which is past.</summary>
    private async Task WaitForAnotherWindowAsync(BatchContext batch)
    {
        log.LogWarning(
            "Job {Job} waits: window {Window} never opens again ({Reason}). Define it anew, or give its bot another one",
            batch.Claimed.Id, batch.Window.Name, planner.WhyNeverAgain(batch.Window, batch.Claimed.Now));
        await PostponeAsync(batch.Connection, batch.Claimed, LongPostponement);
        await batch.Transaction.CommitAsync(CancellationToken.None);
    }

    private async Task FailAttemptAsync(BatchContext batch)
    {
        await batch.Transaction.RollbackAsync(CancellationToken.None);
        await AgainAsync(batch, async again =>
        {
            var fail = new FailAttempt(again.Claimed.Job.Attempt, FailureReason.ListUnresolved, RetryPlan(again, again.Claimed.Now));
            var events = JobDecisions.Decide(again.Claimed.Job, fail).Accepted();
            await writer.WriteAsync(again.Transaction, again.Claimed, events, again.Claimed.Now, again.Claimed.Resolving, [],
                closing: null, CancellationToken.None);
            await again.Transaction.CommitAsync(CancellationToken.None);
        });
    }

    /// <summary>Claims the same job in a new transaction, after a rollback. Does nothing if another transaction has it by now.</summary>
    [SuppressMessage("Reliability", "CA2025", Justification = "awaited before the transaction is disposed")]
    private async Task AgainAsync(BatchContext batch, Func<BatchContext, Task> act)
    {
        await using var transaction = await StreamTransaction.BeginAsync(store, batch.Connection, CancellationToken.None);
        if (await batch.Claimed.AgainAsync(batch.Connection, CancellationToken.None) is { } claimed)
            await act(batch with { Transaction = transaction, Claimed = await claimed.ReadAsync(transaction, CancellationToken.None) });
    }

    private Plan? RetryPlan(BatchContext batch, DateTimeOffset failedAt) =>
        planner.TryPlan(batch.Window, failedAt + options.DelayBefore(batch.Claimed.Job.Attempt + 1));
}
