namespace Ledger.Scheduling;

/// <summary>What the lanes of one window do from now on.</summary>
/// <param name="Name">The window's.</param>
/// <param name="Lanes">How many there are.</param>
/// <param name="PollsUntil">Until when they fire again and again; null: they rest now.</param>
/// <param name="NextOpening">When they fire next of themselves; null: the window never opens again.</param>
internal sealed record LanePlan(string Name, int Lanes, DateTimeOffset? PollsUntil, DateTimeOffset? NextOpening)
{
    public static LanePlan Of(WindowCalendar calendar, DateTimeOffset now)
    {
        // Of windows as short as Grace too: what closed within it was open that long ago.
        var current = calendar.OpenAt(now) ?? calendar.OpenAt(now - LaneTable.Grace);
        return new LanePlan(calendar.Window.Name, calendar.Window.Lanes, current?.Closes + LaneTable.Grace, calendar.TryNext(now)?.Opens);
    }
}
