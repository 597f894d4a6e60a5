using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Jobs;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Ledger.Windows;
using Marten;
using Npgsql;

namespace Ledger.Execution.Turns;

/// <summary>
/// Lets jobs follow their bot's window (docs/adr/0044). When a bot gets another window, or its window is defined anew, its jobs are planned
/// again, one transaction each. Every node does it, and the second one finds nothing to do.
/// </summary>
public sealed class WindowFollower(
    NpgsqlDataSource database, IDocumentStore store, JobWriter writer, RegistryCache registry, WindowPlanner planner, TimeProvider time,
    ExecutionOptions options, TurnOptions turns, ILogger<WindowFollower> log) : Duty(turns.SweepInterval, time, log)
{
    /// <summary>The interval of full looks even if nothing changed. A job may have been planned by a registry of a second ago.</summary>
    private static readonly TimeSpan Net = TimeSpan.FromMinutes(1);

    private static readonly string StrayedSql = Sql.Load(typeof(WindowFollower), nameof(StrayedAsync));
    private static readonly string GoOnSql = Sql.Load(typeof(WindowFollower), "GoOn");

    private long? _followed;
    private long _at;

    /// <inheritdoc/>
    protected override string Failing => "jobs are not planned again for a changed window";

    /// <inheritdoc/>
    public override Task RunOnceAsync(CancellationToken cancel) => FollowAsync(cancel);

    /// <summary>Plans again each job whose plan does not fit its bot's window as it is now.</summary>
    /// <returns>Number of jobs that were planned again.</returns>
    public async Task<int> FollowAsync(CancellationToken cancel)
    {
        var (snapshot, at) = (await registry.CurrentAsync(cancel), Time.GetTimestamp());
        if (_followed == snapshot.Revision && Time.GetElapsedTime(_at) < Net)
            return 0;
        await using var connection = await database.OpenConnectionAsync(cancel);
        var planned = 0;
        var isWhole = true;
        foreach (var job in await StrayedAsync(connection, snapshot, cancel))
        {
            // Who follows a registry of minutes ago sends jobs where nobody wants them any more.
            if ((await registry.CurrentAsync(cancel)).Revision != snapshot.Revision)
            {
                isWhole = false;
                break;
            }
            var isPlanned = await TryFollowAsync(connection, job, snapshot, cancel);
            planned += isPlanned is true ? 1 : 0;
            isWhole &= isPlanned is not null;
        }
        (_followed, _at) = (isWhole ? snapshot.Revision : null, at);
        if (planned > 0)
            Log.LogInformation("{Jobs} jobs follow their bots' windows: they were planned again", planned);
        return planned;
    }

    /// <summary>Plans one job again. If that fails for a reason of the job's own, the other jobs still go on.</summary>
    private async Task<bool?> TryFollowAsync(NpgsqlConnection connection, JobId job, RegistrySnapshot snapshot, CancellationToken cancel)
    {
        try
        {
            return await FollowAsync(connection, job, snapshot, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && connection.State == System.Data.ConnectionState.Open)
        {
            // The message may quote an identifier.
            Log.LogError("Job {Job} could not be planned again for its bot's window: {Error}", job, Failure.Describe(e));
            return false;
        }
    }

    /// <returns>True if the job was planned again. Null if another transaction has it at this moment.</returns>
    private async Task<bool?> FollowAsync(NpgsqlConnection connection, JobId job, RegistrySnapshot snapshot, CancellationToken cancel)
    {
        await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
        if (await ClaimedJob.OfAsync(connection, job, cancel) is not { } claimed)
            return null;
        claimed = await claimed.ReadAsync(transaction, cancel);
        var window = snapshot.Windows[snapshot.Bots[claimed.Job.Bot].Window];
        if (planner.TryPlan(window, NotBefore(claimed.Job, claimed.Now)) is not { } plan)
            return false;
        var isOpen = snapshot.Windows.TryGetValue(claimed.Job.WindowName ?? "", out var present)
            && planner.OpenAt(present, claimed.Now) is not null;
        var events = JobDecisions.Decide(claimed.Job, new FollowWindow(plan, claimed.Now, isOpen)).Accepted();
        if (events.Count == 0)
            return false;
        await using (var goOn = new NpgsqlCommand(GoOnSql, connection) { Parameters = { new() { Value = job.Value } } })
            await goOn.ExecuteNonQueryAsync(cancel);
        await writer.WriteAsync(transaction, claimed, events, claimed.Now, claimed.Resolving, [], closing: null, cancel);
        await transaction.CommitAsync(cancel);
        return true;
    }

    /// <summary>The earliest instant for the new plan. A retry's delay holds in another window too.</summary>
    private DateTimeOffset NotBefore(Job job, DateTimeOffset now) =>
        job is { RetryDecidedAt: { } decided, Attempt: > 1 } && decided + options.DelayBefore(job.Attempt) is var due && due > now
            ? due
            : now;

    /// <summary>True if the window ever opens. A window that cannot be read does not stop the jobs of other bots.</summary>
    private bool Opens(DeletionWindow window, DateTimeOffset now)
    {
        try
        {
            return planner.TryPlan(window, now) is not null;
        }
        catch (Exception e)
        {
            Log.LogError("Window {Window} cannot be planned into: {Error}", window.Name, e.GetType().Name);
            return false;
        }
    }

    private async Task<List<JobId>> StrayedAsync(NpgsqlConnection connection, RegistrySnapshot snapshot, CancellationToken cancel)
    {
        var now = Time.GetUtcNow();
        // To a window that never opens again nothing can be planned: see StrandedJobs.
        var bots = snapshot.Bots.Values
            .Where(bot => snapshot.Windows.TryGetValue(bot.Window, out var window) && Opens(window, now))
            .Select(bot => (bot.BotId, Window: snapshot.Windows[bot.Window])).ToList();
        await using var command = new NpgsqlCommand(StrayedSql, connection)
        {
            Parameters =
            {
                new() { Value = bots.Select(bot => bot.BotId).ToArray() },
                new() { Value = bots.Select(bot => bot.Window.Name).ToArray() },
                new() { Value = bots.Select(bot => bot.Window.Cron).ToArray() },
                new() { Value = bots.Select(bot => bot.Window.TimeZone).ToArray() },
                new() { Value = bots.Select(bot => (long)bot.Window.LengthSeconds).ToArray() },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var jobs = new List<JobId>();
        while (await reader.ReadAsync(cancel))
            jobs.Add(new JobId(reader.GetGuid(0)));
        return jobs;
    }
}
