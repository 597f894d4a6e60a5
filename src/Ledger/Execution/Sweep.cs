using System.Collections.Concurrent;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Registry;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// The net under the messages: every node looks for due work itself, and needs nobody to lead it. It finds what a lost message told of, what
/// a dead node left behind, and what was planned into an opening that has ended.
/// </summary>
public sealed class Sweep(
    NpgsqlDataSource database, RegistryCache registry, WindowTurns turns, WindowFollower follower, TurnOptions options, TimeProvider time,
    ILogger<Sweep> log) : Duty(options.SweepInterval, time, log)
{
    private static readonly string ForgetSql = Sql.Load(typeof(Sweep), "ForgetWakes");
    private static readonly string DueSql = Sql.Load(typeof(Sweep), nameof(DueAsync));

    private readonly ConcurrentDictionary<Task, bool> _running = new();

    /// <summary>What keeps this node from looking for work, in plain words; null while nothing does.</summary>
    public string? Outage => options.SweepInterval is null ? null
        : SinceLastPass is var since && since > options.LongestSweep
            ? $"this node's sweep has stood still for {since.TotalSeconds:0} s; restart the node, and look at its log"
        : IsFailing ? $"this node cannot look for due work, and tries again every {options.SweepInterval.Value.TotalSeconds} s; its log says why"
        : null;

    /// <inheritdoc/>
    protected override string Failing => "due work is not looked for";

    /// <summary>One pass. The turns that it begins go on after it.</summary>
    public override async Task RunOnceAsync(CancellationToken cancel)
    {
        await follower.RunOnceAsync(cancel);
        var windows = (await registry.CurrentAsync(cancel)).Windows.Keys.ToArray();
        foreach (var window in await DueAsync(windows, cancel))
            Begin(window);
        await using var forget = database.CreateCommand(ForgetSql);
        await forget.ExecuteNonQueryAsync(cancel);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // They end at their next batch: the host is stopping. One that does not is rolled back with its session.
        using var deadline = new CancellationTokenSource(options.StopDeadline, TimeProvider.System);
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
