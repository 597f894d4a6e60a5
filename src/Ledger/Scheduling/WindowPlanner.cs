using System.Collections.Concurrent;
using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using Ledger.Projections.Registry;

namespace Ledger.Scheduling;

/// <summary>Plans jobs into openings. Calendars are kept by the window's definition, so a changed window has a calendar of its own.</summary>
public sealed class WindowPlanner
{
    private readonly ConcurrentDictionary<DeletionWindow, WindowCalendar> _calendars = new();

    /// <summary>The window of the registry's document.</summary>
    public static Window Window(DeletionWindow window) =>
        new(window.Name, window.Cron, window.TimeZone, TimeSpan.FromSeconds(window.LengthSeconds), window.Lanes);

    /// <summary>At once where the window is open at <paramref name="notBefore"/>, else at its next opening.</summary>
    /// <exception cref="InvalidOperationException">The window never opens again.</exception>
    public Plan Plan(DeletionWindow window, DateTimeOffset notBefore)
    {
        var (plannedAt, opening) = Calendar(window).Plan(notBefore);
        return new Plan(Contracts.Instant.Truncate(plannedAt), new PlannedWindow(window.Name, window.Cron, window.TimeZone, opening.Opens, opening.Closes));
    }

    /// <summary>As <see cref="Plan"/>; null where the window never opens again.</summary>
    public Plan? TryPlan(DeletionWindow window, DateTimeOffset notBefore) =>
        OpenAt(window, notBefore) is null && Calendar(window).TryNext(notBefore) is null ? null : Plan(window, notBefore);

    /// <summary>The opening that contains <paramref name="now"/>; null while the window is closed.</summary>
    public Opening? OpenAt(DeletionWindow window, DateTimeOffset now) => Calendar(window).OpenAt(now);

    /// <summary>The first opening that begins after <paramref name="after"/>; null where there is none.</summary>
    public Opening? NextAfter(DeletionWindow window, DateTimeOffset after) => Calendar(window).TryNext(after);

    private WindowCalendar Calendar(DeletionWindow window) => _calendars.GetOrAdd(window, static document => new WindowCalendar(Window(document)));
}
