using System.Runtime.InteropServices;
using NodaTime;
using NodaTime.TimeZones;

namespace Ledger.Windows;

/// <summary>One opening of a window, half-open: open at <paramref name="Opens"/>, closed again at <paramref name="Closes"/>.</summary>
/// <param name="Opens">UTC, a whole second.</param>
/// <param name="Closes">UTC, the window's length later.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Opening(DateTimeOffset Opens, DateTimeOffset Closes);

/// <summary>The times when one window is open. Pure and thread-safe. The parsed expression is kept.</summary>
/// <remarks>
/// <para>
/// Cronos gives times on the wall clock only, asked in UTC. NodaTime maps them to instants. An expression of plain numbers opens exactly
/// once a day: a time that the clocks skip opens at the end of the gap, a time that occurs twice opens at its first occurrence. An
/// expression with a wildcard, a range or a step in its minute or hour field means an interval: it opens in both passes of a repeated hour,
/// and once at the end of a gap for all the times that the gap swallowed.
/// </para>
/// <para>The length is elapsed time, added to an instant: no clock change can lengthen, shorten or lose an opening.</para>
/// <para>Every search moves forward and ends: after <see cref="MostSteps"/> steps; for the present opening, <see cref="MostLooks"/>.</para>
/// </remarks>
public sealed class WindowCalendar
{
    /// <summary>Maximum number of wall-clock times that one search looks at.</summary>
    internal const int MostSteps = 16;

    /// <summary>Maximum number of searches for the present opening. They halve the longest window until a second is left.</summary>
    internal const int MostLooks = 24;

    /// <summary>Up to this distance a search goes from one stretch to the next. Over a longer distance it goes straight there.</summary>
    private static readonly TimeSpan Far = TimeSpan.FromDays(3);

    private static readonly DateTimeOffset s_earliest = new(1, 2, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_latest = new(2400, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CronReading _cron;
    private readonly DateTimeZone? _zone;

    /// <summary>The calendar of a window. A window that cannot be read has a <see cref="Problem"/>, and never opens.</summary>
    public WindowCalendar(Window window)
    {
        Window = window;
        _cron = CronText.Read(window.Cron);
        _zone = WindowZone.Find(window.TimeZone);
        Problem = _cron.Problem is { } problem ? $"its cron expression cannot be used: {problem}"
            : _zone is null ? $"its zone {window.TimeZone} is not in the time zone database {WindowZone.Version}"
            : null;
    }

    /// <summary>The window of this calendar.</summary>
    public Window Window { get; }

    /// <summary>The reason that the window cannot be read, and so never opens. Null if it can be read.</summary>
    public string? Problem { get; }

    /// <summary>
    /// The opening that contains <paramref name="now"/>. Null if the window is closed. If openings overlap, it is the latest that has
    /// begun, which is also the last to close.
    /// </summary>
    public Opening? OpenAt(DateTimeOffset now) => OpenAt(now, out _);

    internal Opening? OpenAt(DateTimeOffset now, out int looks)
    {
        looks = 1;
        if (TryNext(now - Window.Length) is not { } open || open.Opens > now)
            return null;
        // The latest opening is where the next one begins to lie ahead. Openings are whole seconds.
        for (var end = now; end - open.Opens >= TimeSpan.FromSeconds(1) && looks < MostLooks; looks++)
        {
            var middle = open.Opens + ((end - open.Opens) / 2);
            if (TryNext(middle) is { } later && later.Opens <= now)
                open = later;
            else if (TryNext(open.Opens) is not { } next || next.Opens > now)
                return open;
            else
                (open, end) = (next, middle);
        }
        return open;
    }

    /// <summary>The first opening that begins after <paramref name="after"/>. Null if the window never opens again.</summary>
    public Opening? TryNext(DateTimeOffset after) => TryNext(after, out _);

    /// <summary>The openings that begin after <paramref name="after"/>, in order, at most <paramref name="count"/>.</summary>
    public IReadOnlyList<Opening> NextAfter(DateTimeOffset after, int count)
    {
        var openings = new List<Opening>();
        while (openings.Count < count && TryNext(after) is { } next)
        {
            openings.Add(next);
            after = next.Opens;
        }
        return openings;
    }

    internal Opening? TryNext(DateTimeOffset after, out int steps)
    {
        steps = 0;
        if (Problem is not null || after < s_earliest || after > s_latest)
            return null;
        var stretch = _zone!.GetZoneInterval(Instant.FromDateTimeOffset(after));
        var from = Later(WindowZone.Wall(Instant.FromDateTimeOffset(after), stretch).AddTicks(1), Begins(stretch));
        while (++steps <= MostSteps && NextWall(from) is { } wall)
        {
            if (wall < stretch.EndWall())
                return Opening(WindowZone.At(wall, stretch));
            if (wall - stretch.EndWall() > Far)
            {
                stretch = _zone.GetZoneInterval(Instant.FromDateTimeUtc(wall) - Duration.FromHours(36));
                from = Later(from, Begins(stretch));
                continue;
            }
            var changes = stretch.End;
            stretch = _zone.GetZoneInterval(changes);
            if (wall < stretch.FirstWall())
                return Opening(changes.ToDateTimeOffset());
            from = Begins(stretch);
        }
        return null;
    }

    /// <summary>
    /// The plan for work that is due at <paramref name="notBefore"/>. It runs at once in the opening that contains this instant, or else at
    /// the next opening. Null if the window is closed and never opens again.
    /// </summary>
    public (DateTimeOffset PlannedAt, Opening Opening)? TryPlan(DateTimeOffset notBefore)
    {
        if (OpenAt(notBefore) is { } open)
            return (notBefore, open);
        return TryNext(notBefore) is { } next ? (next.Opens, next) : null;
    }

    /// <summary>The reason that the window never opens again, in plain words. Null if it does, or is open.</summary>
    public string? WhyNeverAgain(DateTimeOffset now) =>
        Problem ?? (TryPlan(now) is null ? "no future time matches its cron expression" : null);

    /// <summary>
    /// The first time on the wall clock of a stretch that can open the window. A fixed time that the stretch before it showed is over.
    /// </summary>
    private DateTime Begins(ZoneInterval stretch) => _cron.IsInterval || !stretch.HasStart
        ? stretch.FirstWall()
        : Later(stretch.FirstWall(), _zone!.GetZoneInterval(stretch.Start - Duration.Epsilon).EndWall());

    /// <summary>The first matching time on any wall clock, <paramref name="from"/> included.</summary>
    private DateTime? NextWall(DateTime from)
    {
        DateTime? first = null;
        foreach (var expression in _cron.Expressions)
        {
            if (expression.GetNextOccurrence(DateTime.SpecifyKind(from, DateTimeKind.Utc), inclusive: true) is { } wall && !(first <= wall))
                first = wall;
        }
        return first;
    }

    private Opening Opening(DateTimeOffset opens) => new(opens, opens + Window.Length);

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;
}
