using Ledger.Database;
using Ledger.Machine;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Ledger.Windows;
using Npgsql;

namespace Ledger.Execution.Turns;

/// <summary>
/// The turns of windows on this node. A turn takes a free lane of its window, works for at most <see cref="SliceRunner.SliceLength"/> on
/// what is due, and makes sure that somebody goes on. If there is no free lane, it ends: another turn is at work.
/// </summary>
public sealed class WindowTurns(
    NpgsqlDataSource database, SliceRunner runner, LaneDatabase lanes, WindowStates states, RegistryCache registry, WakeUps wakeUps,
    DatabaseHealth health, TurnOptions options, IHostApplicationLifetime host, TimeProvider time, ILogger<WindowTurns> log)
{
    /// <summary>The longest wait of a turn for work that it cannot have yet. The log has not covered it, or another turn has it.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromMilliseconds(200);

    /// <summary>The time after that wait until the window is woken for such work.</summary>
    private static readonly TimeSpan s_later = TimeSpan.FromSeconds(2);

    private static readonly string OthersSql = Sql.Load(typeof(WindowTurns), nameof(AreOthersAsync));

    private readonly TurnPlaces _places = new(options.AtOnce);

    /// <summary>Handles a wake-up.</summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async Task WakeAsync(WakeWindow wake)
    {
        if (wake.At is { } at && at - await ClockAsync() is var early && early > TimeSpan.Zero)
        {
            await wakeUps.AgainAsync(wake, early > TimeSpan.FromSeconds(1) ? early : TimeSpan.FromSeconds(1));
            return;
        }
        await RunAsync(wake.Window);
        FaultPoint.At("turn.before-end");
    }

    /// <summary>Runs a turn of a window, if there is a place for one. Then runs turns of the windows that have waited for a
    /// place.</summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async Task RunAsync(string window)
    {
        try
        {
            for (var next = window; next is not null; next = _places.NextWaiting())
                await EnterAsync(next);
        }
        catch (OperationCanceledException) when (host.ApplicationStopping.IsCancellationRequested)
        {
            // The node is stopping, which is no failure. The sweep of another node, or of the next start, goes on.
        }
    }

    private async Task EnterAsync(string window)
    {
        var stop = host.ApplicationStopping;
        var definition = await DefinitionAsync(window, stop);
        // Deletions are confirmed by what the database checks: where it does not check, there are none.
        var mayWork = definition is not null && await health.ProblemAsync(stop) is null;
        if (!_places.TryEnter(window, mayWork ? definition!.Lanes : 0))
            return;
        var (isLeft, goesOn) = (false, false);
        try
        {
            // The lane is free when the place is left: who takes the place must not find it held.
            // Before each turn the window is asked for again: it may have fewer lanes now.
            while (!isLeft && !goesOn && !stop.IsCancellationRequested && await DefinitionAsync(window, stop) is { } now)
            {
                if (await TurnAsync(now, stop) is { } woken)
                    isLeft = _places.TryLeave(window, woken);
                else
                    goesOn = true;
            }
        }
        finally
        {
            if (!isLeft)
                _places.Leave(window);
        }
        // Its time is up, and there is more. Now, so that the wake-up finds a place.
        if (goesOn)
            await wakeUps.NowAsync(window);
    }

    private async Task<DeletionWindow?> DefinitionAsync(string window, CancellationToken stop) =>
        (await registry.CurrentAsync(stop)).Windows.GetValueOrDefault(window);

    /// <returns>If it found nothing to do, the number of times that the window was woken before it looked. Null if somebody else goes
    /// on.</returns>
    private async Task<long?> TurnAsync(DeletionWindow window, CancellationToken stop)
    {
        var woken = _places.Woken(window.Name);
        await using var lane = await lanes.TryTakeAsync(window.Name, window.Lanes, stop);
        if (lane is null)
            return woken;
        try
        {
            return await WorkAsync(lane, window, stop);
        }
        catch (Exception e) when (lane.Session.State != System.Data.ConnectionState.Open)
        {
            log.LogWarning(
                "A turn of window {Window} lost its lane, and with it what it had not committed: {Failure}",
                window.Name, Failure.Describe(e));
            return null;
        }
    }

    private async Task<long?> WorkAsync(Lane lane, DeletionWindow window, CancellationToken stop)
    {
        await WakeUps.ForgetAsync(lane.Session, window.Name);
        var slice = new Slice(window.Name, time.GetTimestamp(), () => WakeOneMoreAsync(lane, window));
        long? waitsSince = null;
        while (true)
        {
            var woken = _places.Woken(window.Name);
            var steps = slice.Steps;
            if (!await runner.RunSliceAsync(lane.Session, slice, stop))
                return null;
            var state = await StateAsync(lane, window.Name);
            if (state.Next is { } next)
                await wakeUps.AtAsync(lane.Session, window.Name, next);
            if (state.Due == 0)
                return woken;
            // What others are at is no work for one more.
            if (slice.Steps == 0 && await AreOthersAsync(lane, window.Name))
                return woken;
            waitsSince = slice.Steps > steps || waitsSince is null ? time.GetTimestamp() : waitsSince;
            if (time.GetElapsedTime(waitsSince.Value) > s_patience)
            {
                if (!await AreOthersAsync(lane, window.Name))
                    await wakeUps.AtAsync(lane.Session, window.Name, state.Now + s_later);
                return woken;
            }
            await Task.Delay(s_betweenLooks, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Wakes the window for one more turn. So all lanes work soon after the opening, but no more of them than have work.</summary>
    private async Task WakeOneMoreAsync(Lane lane, DeletionWindow window)
    {
        if (window.Lanes > 1 && (await StateAsync(lane, window.Name)).Due > 1)
            await wakeUps.NowAsync(window.Name);
    }

    private async Task<WindowState> StateAsync(Lane lane, string window) =>
        (await states.ReadAsync(
            lane.Session, [window], await registry.CurrentAsync(CancellationToken.None), CancellationToken.None)).Single();

    /// <summary>True if another lane of the window is held.</summary>
    private static async Task<bool> AreOthersAsync(Lane lane, string window)
    {
        await using var command = new NpgsqlCommand(OthersSql, lane.Session)
        {
            Parameters = { new() { Value = LaneDatabase.KeyOf(window) }, new() { Value = lane.Number } },
        };
        return await command.ExecuteScalarAsync() is true;
    }

    private async Task<DateTimeOffset> ClockAsync()
    {
        await using var command = database.CreateCommand("select clock_timestamp()");
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync())!);
    }
}
