using System.Runtime.InteropServices;
using Quartz;

namespace Ledger.Scheduling;

/// <summary>One opening of a window, half-open: open at <paramref name="Opens"/>, closed again at <paramref name="Closes"/>.</summary>
/// <param name="Opens">UTC, a whole second.</param>
/// <param name="Closes">UTC, the window's length later.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Opening(DateTimeOffset Opens, DateTimeOffset Closes);

/// <summary>When one window is open. Pure and thread-safe; the parsed expression is kept.</summary>
/// <remarks>
/// <para>
/// Openings are Quartz's <see cref="CronExpression"/> and nothing else, so that the plan and the trigger that fires never differ.
/// What it does where clocks change (Quartz 4; the tests pin it in three zones):
/// an expression of plain numbers opens exactly once a day: a time that the clocks skip opens at the end of the gap, a time that
/// occurs twice opens at its first occurrence; an expression with a wildcard, a range or a step in its minute or hour field means
/// an interval: it opens in both passes of a repeated hour, and once at the end of a gap for all the times that the gap swallowed.
/// </para>
/// <para>The length is elapsed time, added to an instant: no clock change can lengthen, shorten or lose an opening.</para>
/// </remarks>
public sealed class WindowCalendar
{
    private readonly CronExpression _openings;

    /// <summary>The calendar of a window.</summary>
    /// <param name="window">A window without <see cref="Window.Problems"/>, save that it may never open again.</param>
    /// <exception cref="FormatException">The cron expression cannot be read.</exception>
    /// <exception cref="TimeZoneNotFoundException">This machine's time zone database does not hold the zone.</exception>
    public WindowCalendar(Window window)
    {
        Window = window;
        _openings = new CronExpression(window.Cron, TimeZoneInfo.FindSystemTimeZoneById(window.TimeZone));
    }

    /// <summary>The window whose calendar this is.</summary>
    public Window Window { get; }

    /// <summary>The expression as Quartz stores it: in capitals, macros expanded.</summary>
    internal CronExpression Openings => _openings;

    /// <summary>
    /// The opening that contains <paramref name="now"/>, or null when the window is closed. Where openings overlap: the latest that has
    /// begun, which is also the last to close.
    /// </summary>
    public Opening? OpenAt(DateTimeOffset now)
    {
        // Forwards from ever further back: the first look that finds an opening has few more to step over.
        for (var back = TimeSpan.FromMinutes(1); ; back *= 2)
        {
            back = back < Window.Length ? back : Window.Length;
            if (TryNext(now - back) is { } open && open.Opens <= now)
            {
                while (TryNext(open.Opens) is { } later && later.Opens <= now)
                    open = later;
                return open;
            }

            if (back == Window.Length)
                return null;
        }
    }

    /// <summary>The first opening that begins after <paramref name="after"/>.</summary>
    /// <exception cref="InvalidOperationException">The window never opens again.</exception>
    public Opening Next(DateTimeOffset after) => TryNext(after) ?? throw new InvalidOperationException(
        $"Window '{Window.Name}' never opens after {after.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ} (cron {Window.Cron}, {Window.TimeZone}): "
        + "give it a cron expression with future openings.");

    /// <summary>As <see cref="Next"/>, null when the window never opens again.</summary>
    internal Opening? TryNext(DateTimeOffset after)
    {
        // Asked from within the second pass of a repeated hour, Quartz 4.7 takes a time that occurs twice to be still ahead; asked from
        // before the first pass it does not. (Its search backwards has the same slip on the whole day, so it is not used.)
        var from = after;
        while (_openings.TimeZone.IsAmbiguousTime(from))
            from -= TimeSpan.FromHours(1);
        var opens = _openings.GetNextValidTimeAfter(from);
        while (opens <= after)
            opens = _openings.GetNextValidTimeAfter(opens.Value);
        return opens is { } instant ? new Opening(instant.ToUniversalTime(), instant.ToUniversalTime() + Window.Length) : null;
    }

    /// <summary>
    /// When work that is due at <paramref name="notBefore"/> is to run: at once in the opening that contains it, else at the next opening.
    /// </summary>
    /// <exception cref="InvalidOperationException">The window is closed and never opens again.</exception>
    public (DateTimeOffset PlannedAt, Opening Opening) Plan(DateTimeOffset notBefore)
    {
        if (OpenAt(notBefore) is { } open)
            return (notBefore, open);
        var next = Next(notBefore);
        return (next.Opens, next);
    }
}
