using System.Text.RegularExpressions;
using Quartz;

namespace Ledger.Scheduling;

/// <summary>A named off-peak window: when it opens, how long it stays open, and how many slices may run in it side by side.</summary>
/// <param name="Name">1 to 64 characters of a-z, 0-9 and <c>-</c>.</param>
/// <param name="Cron">
/// Quartz's cron expression of the openings (seconds first), read as wall-clock time in <paramref name="TimeZone"/>; at most 120
/// characters. The seconds field is one number, so openings are at least a minute apart.
/// </param>
/// <param name="TimeZone">IANA id, spelled as in the time zone database: <c>Europe/Berlin</c>, <c>UTC</c>.</param>
/// <param name="Length">Elapsed time, not wall-clock time: a window that spans a clock change is no longer and no shorter. 1 minute to 7 days.</param>
/// <param name="Lanes">1 to 32.</param>
public sealed partial record Window(string Name, string Cron, string TimeZone, TimeSpan Length, int Lanes)
{
    private const int LongestCron = 120;

    /// <summary>The window of a bot that was given none: from 18:00 UTC, 8 hours, 4 lanes.</summary>
    public static readonly Window Default = new("default", "0 0 18 * * ?", "UTC", TimeSpan.FromHours(8), 4);

    /// <summary>What is wrong with these members, each line naming the member, the rule and the remedy; empty when nothing is.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="cron">See <see cref="Cron"/>.</param>
    /// <param name="timeZone">See <see cref="TimeZone"/>.</param>
    /// <param name="length">See <see cref="Length"/>.</param>
    /// <param name="lanes">See <see cref="Lanes"/>.</param>
    /// <param name="time">Whose now decides whether the window ever opens again; the system's when left out.</param>
    public static IReadOnlyList<string> Problems(
        string name, string cron, string timeZone, TimeSpan length, int lanes, TimeProvider? time = null)
    {
        var problems = new List<string>();
        if (!Names().IsMatch(name))
            problems.Add("name: must be 1 to 64 characters of a-z, 0-9 and -");
        var zone = ZoneOf(timeZone);
        if (zone is null)
            problems.Add("timeZone: must be the id of a zone that this machine's time zone database holds, such as Europe/Berlin or UTC");
        if (CronProblem(cron, zone ?? TimeZoneInfo.Utc, (time ?? TimeProvider.System).GetUtcNow()) is { } problem)
            problems.Add("cron: " + problem);
        if (length < TimeSpan.FromMinutes(1) || length > TimeSpan.FromDays(7))
            problems.Add("length: must be from 1 minute to 7 days");
        if (lanes is < 1 or > 32)
            problems.Add("lanes: must be from 1 to 32");
        return problems;
    }

    private static string? CronProblem(string cron, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (cron.Length > LongestCron)
            return $"must be at most {LongestCron} characters";
        CronExpression expression;
        try
        {
            expression = new CronExpression(cron, zone);
        }
        catch (FormatException e)
        {
            return $"must be a Quartz cron expression such as 0 0 18 * * ? ({e.Message})";
        }

        // A list or a wildcard of seconds would open the window many times a minute, which nobody means.
        if (!expression.CronExpressionString.Split()[0].All(char.IsAsciiDigit))
            return "the seconds field must be one number, such as 0";
        return expression.GetNextValidTimeAfter(now) is null ? "never opens again: no future time matches it" : null;
    }

    // The first letter is a capital in every zone's name, and in none of the files beside them that name a zone by what this
    // machine is set to (localtime, posixrules) or count leap seconds (right/).
    private static TimeZoneInfo? ZoneOf(string id) =>
        id.Length is > 0 and <= 64 && char.IsAsciiLetterUpper(id[0]) && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.Id == id
            ? zone
            : null;

    [GeneratedRegex(@"^[a-z0-9-]{1,64}\z")]
    private static partial Regex Names();
}
