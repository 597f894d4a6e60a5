using Npgsql;
using Quartz;

namespace Ledger.Scheduling;

/// <summary>
/// This node's part of the cluster that fires the lanes of all windows. It decides when and where a <see cref="Slice"/> runs; what it
/// does is decided by the slice's own transactions, so a firing too many, too late or outside the window is harmless.
/// </summary>
/// <remarks>Keeps trying while the database is away, at start and later, and goes on when it is back.</remarks>
/// <param name="connectionString">The service's role; Quartz keeps its tables in the schema <c>quartz</c>.</param>
/// <param name="windows">The registry's windows as they are now; read every <see cref="LaneSchedulerOptions.ReadInterval"/>.</param>
/// <param name="slice">One firing's work.</param>
/// <param name="options">How this node schedules.</param>
/// <param name="time">The clock that says whether a window is open now, and delays.</param>
/// <param name="logger">Told of failures once each: that something fails, and that it works again.</param>
public sealed class LaneScheduler(
    string connectionString,
    Func<CancellationToken, Task<IReadOnlyList<Window>>> windows,
    Slice slice,
    LaneSchedulerOptions options,
    TimeProvider time,
    ILogger<LaneScheduler> logger) : BackgroundService
{
    private readonly HashSet<Window> _unreadable = [];
    private string? _failure;
    private volatile string? _outage;
    private long _lastPass = time.GetTimestamp();

    /// <summary>
    /// What keeps this node from firing lanes now, in plain words; null while nothing does. Whoever asks is not the loop: a loop that
    /// stands still cannot say so itself.
    /// </summary>
    public string? Outage => time.GetElapsedTime(Interlocked.Read(ref _lastPass)) is var since && since > options.LongestPass
        ? $"this node's scheduler has stood still for {since.TotalSeconds:0} s; restart the node, and look at its log"
        : _outage;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var database = QuartzCluster.Connect(connectionString, options);
        while (!stoppingToken.IsCancellationRequested)
        {
            await Guarded("start", () => RunNode(database, stoppingToken), stoppingToken);
            await Rest(stoppingToken);
        }
    }

    private async Task RunNode(NpgsqlDataSource database, CancellationToken stopping)
    {
        await using var node = QuartzCluster.Node(database, options, slice, time, logger);
        var scheduler = await node.GetScheduler(stopping);
        try
        {
            await scheduler.Start(stopping);
            var lanes = new LaneTable(scheduler, options, time);
            while (!stopping.IsCancellationRequested)
            {
                await Guarded("follow the registry", () => FollowRegistry(lanes, stopping), stopping);
                await Rest(stopping);
            }
        }
        finally
        {
            await Stop(scheduler);
        }
    }

    private async Task FollowRegistry(LaneTable lanes, CancellationToken cancel)
    {
        var plans = new List<LanePlan>();
        var leftAlone = new HashSet<string>();
        foreach (var window in await windows(cancel))
        {
            if (Plan(window) is { } plan)
                plans.Add(plan);
            else
                leftAlone.Add(window.Name);
        }

        await lanes.InStepWith(plans, leftAlone, cancel);
    }

    // One window that this node cannot read (its cron expression names a year, its zone is unknown) must not keep the others from opening.
    private LanePlan? Plan(Window window)
    {
        try
        {
            var calendar = new WindowCalendar(window);
            if (calendar.Problem is null)
                return LanePlan.Of(calendar, time.GetUtcNow());
            Tell(window, calendar.Problem);
        }
        catch (Exception e)
        {
            Tell(window, Failure.Describe(e));
        }

        return null;
    }

    private void Tell(Window window, string problem)
    {
        if (_unreadable.Add(window))
            logger.LogError("Window {Window} does not open on this node: {Problem}", window.Name, problem);
    }

    // Firing stops, then running slices are signalled and waited for; one that outlasts the deadline is another node's to recover.
    private async Task Stop(IScheduler scheduler)
    {
        using var deadline = new CancellationTokenSource(options.StopDeadline, time);
        try
        {
            await scheduler.Shutdown(waitForJobsToComplete: true, deadline.Token);
        }
        catch (Exception e)
        {
            logger.LogWarning(
                "The scheduler did not stop cleanly; another node or the next start recovers its lanes: {Failure}", Failure.Describe(e));
        }
    }

    // An outage is told when it begins, when its cause changes, and when it is over.
    private async Task Guarded(string attempt, Func<Task> work, CancellationToken stopping)
    {
        try
        {
            await work();
            Interlocked.Exchange(ref _lastPass, time.GetTimestamp());
            if (_failure is not null && !stopping.IsCancellationRequested)
                logger.LogInformation("Scheduling works again");
            (_failure, _outage) = (null, null);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            Interlocked.Exchange(ref _lastPass, time.GetTimestamp());
            var failure = Failure.Describe(e);
            if (failure != _failure)
            {
                logger.LogError(
                    "Scheduling cannot {Attempt}, and tries again every {Seconds} s: {Failure}",
                    attempt, options.ReadInterval.TotalSeconds, failure);
            }

            _failure = failure;
            // The cause is the log's: anybody may ask whether a node is ready.
            _outage = $"this node cannot {attempt}, and tries again every {options.ReadInterval.TotalSeconds} s; its log says why";
        }
    }

    private async Task Rest(CancellationToken stopping) =>
        await Task.Delay(options.ReadInterval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
