using System.Globalization;
using System.Text.RegularExpressions;
using Cronos;

namespace Ledger.Windows;

/// <summary>One field of numbers of a cron text. It converts a list of items from Quartz's forms to the common one.</summary>
/// <param name="Name">The field's name in messages.</param>
/// <param name="Low">The least number, from which <c>*/n</c> counts.</param>
/// <param name="High">The greatest number, and the longest step.</param>
/// <param name="Names">Names of the numbers from <paramref name="Low"/> on. Empty if there are none.</param>
internal sealed partial record CronField(string Name, int Low, int High, IReadOnlyList<string> Names)
{
    public static readonly CronField Second = new("second", 0, 59, []);
    public static readonly CronField Minute = new("minute", 0, 59, []);
    public static readonly CronField Hour = new("hour", 0, 23, []);
    public static readonly CronField DayOfMonth = new("day of month", 1, 31, []);

    public static readonly CronField Month = new(
        "month", 1, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);

    /// <summary>The day of the week, numbered as Quartz does: 1 is Sunday.</summary>
    public static readonly CronField DayOfWeek = new("day of week", 1, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]);

    /// <summary>The field in the common form.</summary>
    /// <exception cref="CronFormatException">The field cannot be read. The message says why.</exception>
    public string Convert(string field)
    {
        var items = Items(field);
        if (items.Contains("*"))
            return "*";
        return string.Join(',', items.Select(text => Convert(Read(text), isAlone: items.Count == 1)));
    }

    /// <summary>The numbers that the field names, in ascending order.</summary>
    /// <exception cref="CronFormatException">The field cannot be read. The message says why.</exception>
    public IReadOnlyList<int> Numbers(string field) => [.. Items(field).SelectMany(text => Numbers(Read(text))).Distinct().Order()];

    /// <summary>The items of a list. Quartz skips empty ones.</summary>
    public IReadOnlyList<string> Items(string field) => field.Split(',', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } items
        ? items
        : throw new CronFormatException($"the field {Name} is empty");

    public static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    /// <summary>True if the field has only names, and ranges of names.</summary>
    public bool IsOfNames(string field) => Items(field).All(item => item.Split('-').All(name => Names.Contains(name)));

    private string Convert(Item item, bool isAlone)
    {
        if (item.Step is not { } step)
            return item.To is { } last ? $"{Written(item, item.From)}-{Written(item, last)}" : Written(item, item.From);
        if (item.IsNamed)
            throw new CronFormatException($"the {Name} has a step after a name, which Quartz ignored: write the {Name}s one by one");
        if (item.IsAny && isAlone)
            return $"*/{step}";
        return item.To is { } to ? $"{item.From}-{to}/{step}" : $"{item.From}/{step}";
    }

    private string Written(Item item, int number) => item.IsNamed ? Names[number - Low] : number.ToString(CultureInfo.InvariantCulture);

    private IEnumerable<int> Numbers(Item item)
    {
        var to = item.To ?? (item.IsAny || item.Step is not null ? High : item.From);
        if (to < item.From)
            to += High - Low + 1; // over the end, as from Friday to Monday
        for (var number = item.From; number <= to; number += item.Step ?? 1)
            yield return number > High ? number - (High - Low + 1) : number;
    }

    private Item Read(string text)
    {
        var match = Shape().Match(text);
        var from = match.Groups["from"].Value;
        var isAny = from is "" or "*";
        if (!match.Success || (isAny && (match.Groups["to"].Success || (from.Length == 0 && !match.Groups["step"].Success))))
            throw Unreadable(text);
        var isNamed = Names.Contains(from);
        int? to = match.Groups["to"].Success ? Number(match.Groups["to"].Value, text) : null;
        if (to is not null && Names.Contains(match.Groups["to"].Value) != isNamed)
            throw Unreadable(text);
        int? step = match.Groups["step"].Success ? int.Parse(match.Groups["step"].Value, CultureInfo.InvariantCulture) : null;
        if (step < 1 || step > High)
            throw new CronFormatException($"the step of the {Name} must be from 1 to {High}");
        return new Item(isAny, isNamed, isAny ? Low : Number(from, text), to, step);
    }

    private int Number(string text, string item)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            if (Names[i] == text)
                return Low + i;
        }
        if (!IsNumber(text))
            throw Unreadable(item);
        var number = int.Parse(text, CultureInfo.InvariantCulture);
        return number >= Low && number <= High ? number : throw new CronFormatException($"the {Name} must be from {Low} to {High}");
    }

    private CronFormatException Unreadable(string item) => new($"the {Name} {item} cannot be read");

    [GeneratedRegex(
        @"^(?<from>\*|[0-9]{1,4}|[A-Z]{3}|)(-(?<to>[0-9]{1,4}|[A-Z]{3}))?(/(?<step>[0-9]{1,4}))?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();

    private sealed record Item(bool IsAny, bool IsNamed, int From, int? To, int? Step);
}
