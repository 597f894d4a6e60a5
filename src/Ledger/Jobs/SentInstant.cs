using System.Globalization;
using System.Text.RegularExpressions;

namespace Ledger.Jobs;

/// <summary>
/// A date or an instant as a person or a program sends it (contract §1). The ledger counts whole milliseconds. So a finer instant is
/// rounded to the millisecond inside of the range that it bounds.
/// </summary>
internal static partial class SentInstant
{
    /// <summary>
    /// <c>YYYY-MM-DD</c>, or <c>YYYY-MM-DDThh:mm:ss</c> with an optional fraction of 1 to 9 digits and then <c>Z</c> or <c>±hh:mm</c> (at
    /// most 14 hours). Null for anything else: no leap second, no 24:00, nothing outside the years 0001 to 9999 in UTC.
    /// </summary>
    public static DateTimeOffset? Read(string? text, bool isStart)
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
    public static DateTimeOffset EndOf(DateTime day) =>
        new(day.Date.Ticks + TimeSpan.TicksPerDay - TimeSpan.TicksPerMillisecond, TimeSpan.Zero);

    [GeneratedRegex(
        @"\A(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
        + @"((?<time>T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?<fraction>[0-9]{1,9}))?(?<offset>Z|[+-][0-9]{2}:[0-9]{2}))?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
