using System.Collections.Concurrent;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Projections.Registry;

namespace Ledger.Windows;

/// <summary>
/// Plans jobs into openings. Calendars are kept by the window's definition, so a changed window has a calendar of its own.
/// </summary>
public sealed class WindowPlanner
{
    private readonly ConcurrentDictionary<DeletionWindow, WindowCalendar> _calendars = new();

    /// <summary>The window of the registry's document.</summary>
    public static Window Window(DeletionWindow window) =>
        new(window.Name, window.Cron, window.TimeZone, TimeSpan.FromSeconds(window.LengthSeconds), window.Lanes);

    /// <summary>
    /// The plan for work that is due at <paramref name="notBefore"/>: at once if the window is open then, or else at its next opening. Null
    /// if the window never opens again.
    /// </summary>
    public Plan? TryPlan(DeletionWindow window, DateTimeOffset notBefore) => Calendar(window).TryPlan(notBefore) is var (plannedAt, opening)
        ? new Plan(
            Instant.Truncate(plannedAt),
            new PlannedWindow(window.Name, window.Cron, window.TimeZone, opening.Opens, opening.Closes))
        : null;

    /// <summary>The reason that the window never opens again, in plain words. Null if it does, or is open.</summary>
    public string? WhyNeverAgain(DeletionWindow window, DateTimeOffset now) => Calendar(window).WhyNeverAgain(now);

    /// <summary>The opening that contains <paramref name="now"/>. Null if the window is closed.</summary>
    public Opening? OpenAt(DeletionWindow window, DateTimeOffset now) => Calendar(window).OpenAt(now);

    /// <summary>The openings that begin after <paramref name="after"/>, in order, at most <paramref name="count"/>.</summary>
    public IReadOnlyList<Opening> NextAfter(DeletionWindow window, DateTimeOffset after, int count) =>
        Calendar(window).NextAfter(after, count);

    private WindowCalendar Calendar(DeletionWindow window) =>
        _calendars.GetOrAdd(window, static document => new WindowCalendar(Window(document)));
}
