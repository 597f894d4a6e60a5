using System.Globalization;
using System.Text.RegularExpressions;

namespace Ledger.Http;

/// <summary>
/// The range of a cId request (contract §1), both ends inclusive. Conversations start at whole milliseconds, so an end finer than
/// that is taken to the millisecond inside: <c>startDate</c> up, <c>endDate</c> down.
/// </summary>
/// <param name="From">Null where <c>startDate</c> was not sent.</param>
/// <param name="To">The end of the UTC day of submission where <c>endDate</c> was not sent.</param>
internal sealed partial record RequestedRange(DateTimeOffset? From, DateTimeOffset To)
{
    private const string DateRule =
        "must be a date (2026-05-04) or an instant with Z or an offset (2026-05-04T00:00:00Z, 2026-05-04T02:00:00.000+02:00), in the years 0001 to 9999";

    /// <returns>Null if there is a problem.</returns>
    public static RequestedRange? Resolve(SentDate startDate, SentDate endDate, DateTimeOffset now, Action<string> problem)
    {
        var from = startDate.IsSent ? Read(startDate.Text, isStart: true) : null;
        var to = endDate.IsSent ? Read(endDate.Text, isStart: false) : EndOf(now.UtcDateTime.Date);
        if (startDate.IsSent && from is null)
            problem($"startDate {DateRule}");
        if (to is null)
            problem($"endDate {DateRule}");
        else if (to.Value.UtcDateTime.Date > now.UtcDateTime.Date)
            problem("endDate must not be in the future: its UTC day is after today's");
        if (from > to)
            problem(endDate.IsSent ? "startDate must not be after endDate" : "startDate must not be after today, which endDate is by default");
        return to is null ? null : new RequestedRange(from, to.Value);
    }

    /// <summary>
    /// <c>YYYY-MM-DD</c>, or <c>YYYY-MM-DDThh:mm:ss</c> with an optional fraction of 1 to 9 digits and then <c>Z</c> or <c>±hh:mm</c> (at most
    /// 14 hours). Null for anything else: no leap second, no 24:00, nothing outside the years 0001 to 9999 in UTC.
    /// </summary>
    internal static DateTimeOffset? Read(string? text, bool isStart)
    {
        if (text is null || Form().Match(text) is not { Success: true } match)
            return null;
        var hasTime = match.Groups["time"].Success;
        if (!DateTime.TryParseExact(
            match.Groups["date"].Value + (hasTime ? match.Groups["time"].Value : "T00:00:00"), "yyyy-MM-dd'T'HH:mm:ss",
            CultureInfo.InvariantCulture, DateTimeStyles.None, out var second))
            return null;
        if (!hasTime)
            return isStart ? new DateTimeOffset(second, TimeSpan.Zero) : EndOf(second);
        if (Offset(match) is not { } offset)
            return null;

        var nanoseconds = long.Parse(match.Groups["fraction"].Value.PadRight(9, '0'), CultureInfo.InvariantCulture);
        var milliseconds = isStart ? (nanoseconds + 999_999) / 1_000_000 : nanoseconds / 1_000_000;
        var ticks = second.Ticks - offset.Ticks + milliseconds * TimeSpan.TicksPerMillisecond;
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    private static TimeSpan? Offset(Match match)
    {
        var text = match.Groups["offset"].Value;
        if (text == "Z")
            return TimeSpan.Zero;
        var (hours, minutes) = (int.Parse(text.AsSpan(1, 2)), int.Parse(text.AsSpan(4, 2)));
        if (minutes > 59 || hours * 60 + minutes > 14 * 60)
            return null;
        return new TimeSpan(hours, minutes, 0) * (text[0] == '-' ? -1 : 1);
    }

    /// <summary>The last millisecond of a day.</summary>
    private static DateTimeOffset EndOf(DateTime day) =>
        new(day.Date.Ticks + TimeSpan.TicksPerDay - TimeSpan.TicksPerMillisecond, TimeSpan.Zero);

    [GeneratedRegex(
        @"\A(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
        + @"((?<time>T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?<fraction>[0-9]{1,9}))?(?<offset>Z|[+-][0-9]{2}:[0-9]{2}))?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
