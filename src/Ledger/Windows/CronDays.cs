using System.Globalization;
using System.Text.RegularExpressions;
using Cronos;

namespace Ledger.Windows;

/// <summary>The two fields of days of a cron text. Quartz takes them together: if both are given, either may match.</summary>
internal static partial class CronDays
{
    /// <summary>The last day with a W. For 29W and later, Quartz also took the nearest weekday in shorter months. No common text says
    /// that.</summary>
    private const int LastNearest = 28;

    /// <summary>The days in the common form. Several, if one text alone cannot say them.</summary>
    /// <exception cref="CronFormatException">The fields cannot be read. The message says why.</exception>
    public static IEnumerable<(string OfMonth, string OfWeek)> Convert(string ofMonth, string ofWeek)
    {
        var months = IsAny(ofMonth) ? [] : DaysOfMonth(ofMonth);
        var week = IsAny(ofWeek) ? null : DaysOfWeek(ofWeek);
        if (months.Count == 0 && week is null)
            return [("*", "?")];
        var days = months.Select(day => (day, "?"));
        return week is null ? days : days.Append(("?", week));
    }

    /// <summary>True if the field is a wildcard, or a list with a wildcard in it.</summary>
    private static bool IsAny(string field) => field == "?" || field.Split(',').Contains("*");

    private static List<string> DaysOfMonth(string field)
    {
        var items = CronField.DayOfMonth.Items(field);
        var single = items.Where(IsSpecial).ToList();
        var numbers = string.Join(',', items.Where(item => !IsSpecial(item)));
        return numbers.Length == 0 ? single : [CronField.DayOfMonth.Convert(numbers), .. single];
    }

    /// <summary>True for the last day, and for the weekday nearest to a day. Each needs a text of its own.</summary>
    private static bool IsSpecial(string item)
    {
        if (item.StartsWith('L'))
            return LastDay().IsMatch(item) ? true : throw new CronFormatException($"the day of month {item} cannot be read");
        if (!item.EndsWith('W'))
            return false;
        var day = item[..^1];
        if (!CronField.IsNumber(day) || day.Length > 2 || int.Parse(day, CultureInfo.InvariantCulture) is < 1 or > LastNearest)
            throw new CronFormatException($"the day of month {item} is none of 1W to {LastNearest}W; the last weekday of a month is LW");
        return true;
    }

    private static string DaysOfWeek(string field)
    {
        var week = CronField.DayOfWeek;
        if (field == "L")
            return "SAT";
        if (NthOrLast().Match(field) is { Success: true } match)
            return Name(match.Groups["day"].Value) + match.Groups["which"].Value;
        return week.IsOfNames(field) ? field : string.Join(',', week.Numbers(field).Select(day => week.Names[day - 1]));
    }

    private static string Name(string day) => CronField.DayOfWeek.Names[CronField.DayOfWeek.Numbers(day).Single() - 1];

    [GeneratedRegex(@"^(L|LW|L-([0-9]|[12][0-9]|30)W?)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex LastDay();

    [GeneratedRegex(@"^(?<day>[1-7]|[A-Z]{3})(?<which>L|#[1-5])\z", RegexOptions.ExplicitCapture)]
    private static partial Regex NthOrLast();
}
