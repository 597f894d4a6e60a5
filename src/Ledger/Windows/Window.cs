using System.Text.RegularExpressions;

namespace Ledger.Windows;

/// <summary>A named off-peak window: its openings, their length, and the number of slices that may run in it side by side.</summary>
/// <param name="Name">1 to 64 characters of a-z, 0-9 and <c>-</c>.</param>
/// <param name="Cron">
/// The cron expression of the openings (seconds first), read as wall-clock time in <paramref name="TimeZone"/>. At most 120 characters. A
/// new expression has a form that all common readers of cron read alike, with weekdays by name. The seconds field is one number, so
/// openings are at least a minute apart.
/// </param>
/// <param name="TimeZone">IANA id, spelled as in NodaTime's time zone database: <c>Europe/Berlin</c>, <c>UTC</c>.</param>
/// <param name="Length">
/// 1 minute to 7 days of elapsed time, not wall-clock time. So a window that spans a clock change is not longer or shorter.
/// </param>
/// <param name="Lanes">1 to 32.</param>
public sealed partial record Window(string Name, string Cron, string TimeZone, TimeSpan Length, int Lanes)
{
    /// <summary>The window of a bot that was given none: from 18:00 UTC, 8 hours, 4 lanes.</summary>
    public static readonly Window Default = new("default", "0 0 18 * * ?", "UTC", TimeSpan.FromHours(8), 4);

    /// <summary>The problems with these members. Each line names the member, the rule and the remedy. Empty if there are none.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="cron">See <see cref="Cron"/>.</param>
    /// <param name="timeZone">See <see cref="TimeZone"/>.</param>
    /// <param name="length">See <see cref="Length"/>.</param>
    /// <param name="lanes">See <see cref="Lanes"/>.</param>
    /// <param name="time">The clock that decides if the window ever opens again. The system's clock if left out.</param>
    public static IReadOnlyList<string> Problems(
        string name, string cron, string timeZone, TimeSpan length, int lanes, TimeProvider? time = null)
    {
        var problems = new List<string>();
        if (!Names().IsMatch(name))
            problems.Add("name: must be 1 to 64 characters of a-z, 0-9 and -");
        var cronProblem = CronText.ProblemOfNew(cron);
        if (WindowZone.Find(timeZone) is null)
            problems.Add($"timeZone: must be the id of a zone of the time zone database {WindowZone.Version}, as Europe/Berlin or UTC");
        else if (cronProblem is null && !OpensAgain(new Window(name, cron, timeZone, length, lanes), time ?? TimeProvider.System))
            cronProblem = "never opens again: no future time matches it";
        if (cronProblem is not null)
            problems.Add("cron: " + cronProblem);
        if (length < TimeSpan.FromMinutes(1) || length > TimeSpan.FromDays(7))
            problems.Add("length: must be from 1 minute to 7 days");
        if (lanes is < 1 or > 32)
            problems.Add("lanes: must be from 1 to 32");
        return problems;
    }

    private static bool OpensAgain(Window window, TimeProvider time) => new WindowCalendar(window).TryNext(time.GetUtcNow()) is not null;

    [GeneratedRegex(@"^[a-z0-9-]{1,64}\z")]
    private static partial Regex Names();
}
