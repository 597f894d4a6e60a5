using System.Collections.Concurrent;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Registry;
using Ledger.Windows;
using Npgsql;

namespace Ledger.Execution.Turns;

/// <summary>
/// The net under the messages. Every node looks for due work itself, and needs no leader. It finds work whose message was lost, work that a
/// dead node left behind, and work that was planned into an opening that has ended.
/// </summary>
public sealed class Sweep(
    NpgsqlDataSource database, RegistryCache registry, WindowStates states, WindowTurns turns, TurnOptions options,
    TimeProvider time, ILogger<Sweep> log) : Duty(options.SweepInterval, time, log)
{
    private readonly ConcurrentDictionary<Task, bool> _running = new();

    /// <summary>The reason that this node cannot look for work, in plain words. Null if it can.</summary>
    public string? Outage => options.SweepInterval is null ? null
        : SinceLastPass is var since && since > options.LongestSweep
            ? $"this node's sweep has stood still for {since.TotalSeconds:0} s; restart the node, and look at its log"
        : IsFailing
            ? $"this node cannot look for due work, and tries again every {options.SweepInterval.Value.TotalSeconds} s; its log says why"
        : null;

    /// <inheritdoc/>
    protected override string Failing => "due work is not looked for";

    /// <summary>One pass. The turns that it begins may outlast it.</summary>
    public override async Task RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        // Of a window that is closed too: what is due in it was planned into an opening that has ended, and needs another plan.
        var snapshot = await registry.CurrentAsync(cancel);
        foreach (var state in await states.ReadAsync(connection, [.. snapshot.Windows.Keys], snapshot, cancel))
        {
            if (state.Due > 0)
                Begin(state.Window);
        }
        await WakeUps.ForgetOldAsync(connection, cancel);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // They end at their next batch: the host is stopping. One that does not is rolled back with its session.
        using var deadline = new CancellationTokenSource(EngineSetup.StopDeadline, TimeProvider.System);
        await Task.WhenAll(_running.Keys).WaitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            Log.LogError("A turn of window {Window} failed, and is begun again: {Failure}", window, Failure.Describe(e));
        }
    }
}
