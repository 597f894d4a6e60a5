using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Jobs;
using Ledger.Projections.Jobs;
using Ledger.Registry;
using Ledger.Scheduling;
using Marten;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// A job follows its bot's window (docs/adr/0044). Where a bot has another window than its jobs are planned into, or the window was defined
/// anew, they are planned again, one transaction each. Every node does it, and who comes second finds nothing to do.
/// </summary>
public sealed class WindowFollower(
    LaneDatabase database, IDocumentStore store, RegistryCache registry, WindowPlanner planner, TimeProvider time, ExecutionOptions options,
    ILogger<WindowFollower> log) : BackgroundService
{
    /// <summary>How often the registry is asked whether it changed.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>How often all is looked at although nothing changed: a job may have been planned by a registry of a second ago.</summary>
    private static readonly TimeSpan Net = TimeSpan.FromMinutes(1);

    private static readonly string StrayedSql = Sql.Load(typeof(WindowFollower), nameof(StrayedAsync));
    private static readonly string GoOnSql = Sql.Load(typeof(WindowFollower), "GoOn");

    private long? _followed;
    private long _at;

    /// <summary>Plans again what is not planned into its bot's window as it is now.</summary>
    /// <returns>How many jobs were planned again.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var (snapshot, at) = (await registry.CurrentAsync(cancel), time.GetTimestamp());
        if (_followed == snapshot.Revision && time.GetElapsedTime(_at) < Net)
            return 0;
        await using var connection = await database.Source.OpenConnectionAsync(cancel);
        var planned = 0;
        var isWhole = true;
        foreach (var (job, isAtWork) in await StrayedAsync(connection, snapshot, cancel))
        {
            // What is at work stays in its opening, and what somebody has is his: both are looked at again in a while.
            var isPlanned = isAtWork ? null : await FollowAsync(connection, job, snapshot, cancel);
            planned += isPlanned is true ? 1 : 0;
            isWhole &= isPlanned is not null;
        }
        (_followed, _at) = (isWhole ? snapshot.Revision : null, at);
        if (planned > 0)
            log.LogInformation("{Jobs} jobs follow their bots' windows: they were planned again", planned);
        return planned;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning(
                    "Jobs could not be planned again for a changed window, and are in {Seconds} s: {Error} {SqlState}",
                    Interval.TotalSeconds, e.GetType().Name, (e as PostgresException)?.SqlState);
            }
        }
    }

    /// <returns>Whether it was planned again; null: somebody else has it at this moment.</returns>
    private async Task<bool?> FollowAsync(NpgsqlConnection connection, JobId job, RegistrySnapshot snapshot, CancellationToken cancel)
    {
        await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
        if (await ClaimedJob.OfAsync(connection, job, cancel) is not { } claimed)
            return null;
        claimed = await claimed.ReadAsync(transaction, cancel);
        var window = snapshot.Windows[snapshot.Bots[claimed.Job.Bot].Window];
        if (planner.TryPlan(window, NotBefore(claimed.Job, claimed.Now)) is not { } plan)
            return false;
        var events = JobDecisions.Decide(claimed.Job, new FollowWindow(plan, claimed.Now)).Accepted();
        if (events.Count == 0)
            return false;
        await using (var goOn = new NpgsqlCommand(GoOnSql, connection) { Parameters = { new() { Value = job.Value } } })
            await goOn.ExecuteNonQueryAsync(cancel);
        await JobWriter.WriteAsync(transaction, claimed, events, claimed.Now, claimed.Resolving, [], closing: null, cancel);
        await transaction.CommitAsync(cancel);
        return true;
    }

    /// <summary>A retry's delay holds in another window too.</summary>
    private DateTimeOffset NotBefore(Job job, DateTimeOffset now) =>
        job is { RetryDecidedAt: { } decided, Attempt: > 1 } && decided + options.DelayBefore(job.Attempt) is var due && due > now ? due : now;

    private async Task<List<(JobId Job, bool IsAtWork)>> StrayedAsync(NpgsqlConnection connection, RegistrySnapshot snapshot, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        // To a window that never opens again nothing can be planned: see StrandedJobs.
        var bots = snapshot.Bots.Values
            .Where(bot => snapshot.Windows.TryGetValue(bot.Window, out var window) && planner.TryPlan(window, now) is not null)
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
        var jobs = new List<(JobId, bool)>();
        while (await reader.ReadAsync(cancel))
            jobs.Add((new JobId(reader.GetGuid(0)), reader.GetBoolean(1)));
        return jobs;
    }
}
