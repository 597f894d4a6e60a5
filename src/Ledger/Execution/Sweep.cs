using System.Collections.Concurrent;
using Ledger.Database;
using Ledger.Registry;
using Ledger.Scheduling;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// The net under the messages: every node looks for due work itself, and needs nobody to lead it. It finds what a lost message told of, what
/// a dead node left behind, and what was planned into an opening that has ended.
/// </summary>
public sealed class Sweep(
    NpgsqlDataSource database, RegistryCache registry, WindowTurns turns, WindowFollower follower, TurnOptions options, TimeProvider time,
    ILogger<Sweep> log) : BackgroundService
{
    private static readonly string DueSql = Sql.Load(typeof(Sweep), nameof(DueAsync));

    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private string? _failure;
    private volatile string? _outage;
    private long _lastPass = time.GetTimestamp();

    /// <summary>
    /// What keeps this node from looking for work, in plain words; null while nothing does. Whoever asks is not the loop: a loop that stands
    /// still cannot say so itself.
    /// </summary>
    public string? Outage => options.SweepInterval is null ? null
        : time.GetElapsedTime(Interlocked.Read(ref _lastPass)) is var since && since > options.LongestSweep
            ? $"this node's sweep has stood still for {since.TotalSeconds:0} s; restart the node, and look at its log"
            : _outage;

    /// <summary>One pass. The turns that it begins go on after it.</summary>
    public async Task RunOnceAsync(CancellationToken cancel)
    {
        await follower.RunOnceAsync(cancel);
        var windows = (await registry.CurrentAsync(cancel)).Windows.Keys.ToArray();
        foreach (var window in await DueAsync(windows, cancel))
            Begin(window);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // They end at their next batch: the host is stopping. One that does not is rolled back with its session.
        using var deadline = new CancellationTokenSource(options.StopDeadline, TimeProvider.System);
        await Task.WhenAll(_running.Keys).WaitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.SweepInterval is not { } interval)
            return;
        while (!stoppingToken.IsCancellationRequested)
        {
            await PassAsync(interval, stoppingToken);
            await Task.Delay(interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>An outage is told when it begins, when its cause changes, and when it is over.</summary>
    private async Task PassAsync(TimeSpan interval, CancellationToken stopping)
    {
        try
        {
            await RunOnceAsync(stopping);
            if (_failure is not null)
                log.LogInformation("Due work is found again");
            (_failure, _outage) = (null, null);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            var failure = Failure.Describe(e);
            if (failure != _failure)
                log.LogError("Due work cannot be looked for, and is again every {Seconds} s: {Failure}", interval.TotalSeconds, failure);
            _failure = failure;
            // The cause is the log's: anybody may ask whether a node is ready.
            _outage = $"this node cannot look for due work, and tries again every {interval.TotalSeconds} s; its log says why";
        }
        catch (OperationCanceledException)
        {
        }
        Interlocked.Exchange(ref _lastPass, time.GetTimestamp());
    }

    private void Begin(string window)
    {
        var turn = TurnAsync(window);
        _running.TryAdd(turn, true);
        _ = turn.ContinueWith(ended => _running.TryRemove(ended, out _), TaskScheduler.Default);
    }

    private async Task TurnAsync(string window)
    {
        await Task.Yield();
        try
        {
            await turns.RunAsync(window);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e)
        {
            // The message may quote an identifier.
            log.LogError("A turn of window {Window} failed, and is begun again: {Failure}", window, Failure.Describe(e));
        }
    }

    /// <summary>The windows with due jobs.</summary>
    private async Task<IReadOnlyList<string>> DueAsync(string[] windows, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(DueSql);
        command.Parameters.Add(new NpgsqlParameter { Value = windows });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var due = new List<string>();
        while (await reader.ReadAsync(cancel))
            due.Add(reader.GetString(0));
        return due;
    }
}
