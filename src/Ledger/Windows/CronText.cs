using System.Text.RegularExpressions;
using Cronos;

namespace Ledger.Windows;

/// <summary>
/// The cron texts of windows. New texts mean the same to every common reader of cron (tests compare Cronos with what Quartz gave). Recorded
/// texts may be in Quartz's own form, and are converted when they are read.
/// </summary>
internal static partial class CronText
{
    private const int Longest = 120;
    private const string Fields = "second, minute, hour, day of month, month, day of week";
    private const string Sample = "0 0 18 * * ?";

    private static readonly Dictionary<string, string> Macros = new(StringComparer.Ordinal)
    {
        ["@YEARLY"] = "0 0 0 1 1 ?",
        ["@ANNUALLY"] = "0 0 0 1 1 ?",
        ["@MONTHLY"] = "0 0 0 1 * ?",
        ["@WEEKLY"] = "0 0 0 ? * SUN",
        ["@DAILY"] = "0 0 0 * * ?",
        ["@MIDNIGHT"] = "0 0 0 * * ?",
        ["@HOURLY"] = "0 0 * * * ?",
    };

    /// <summary>The problem with a text for a new window, with the text to write instead. Null if there is none.</summary>
    public static string? ProblemOfNew(string text)
    {
        if (text.Length > Longest)
            return $"must be at most {Longest} characters";
        var reading = Read(text);
        if (reading.Problem is { } problem)
            return $"{problem}; a daily window at six is {Sample}";
        var fields = Split(text);
        if (fields.Length == 1 || (reading.Texts is [var only] && Plain(Split(only)) == Plain(fields)))
            return null;
        return reading.Texts.Count == 1
            ? $"common readers of cron read this differently: write {reading.Texts[0]}"
            : $"common readers of cron read a list of such days differently: one of {string.Join(" or ", reading.Texts)} must do";
    }

    /// <summary>Converts a recorded text. Never throws.</summary>
    public static CronReading Read(string recorded)
    {
        try
        {
            var texts = Convert(Split(Macros.GetValueOrDefault(recorded.Trim().ToUpperInvariant(), recorded)));
            return new CronReading(texts, [.. texts.Select(text => CronExpression.Parse(text, CronFormat.IncludeSeconds))], null);
        }
        catch (CronFormatException e)
        {
            return new CronReading([], [], e.Message);
        }
    }

    private static string[] Split(string text) => text.ToUpperInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The fields in a form to compare. Leading zeros do not count, and in the fields of days <c>?</c> means the same as
    /// <c>*</c>.</summary>
    private static string Plain(string[] fields) =>
        string.Join(' ', fields.Select(field => LeadingZeros().Replace(field.Replace('?', '*'), "")));

    [GeneratedRegex(@"\b0+(?=[0-9])")]
    private static partial Regex LeadingZeros();

    private static IReadOnlyList<string> Convert(string[] fields)
    {
        if (fields is [.. var six, "*"] && six.Length == 6)
            fields = six;
        if (fields.Length == 7)
            throw new CronFormatException($"it names a year ({fields[6]}), and a window has none: leave the seventh field out");
        if (fields.Length != 6)
            throw new CronFormatException($"it has {fields.Length} fields instead of six: {Fields}");
        if (!CronField.IsNumber(fields[0]))
            throw new CronFormatException("the seconds field must be one number, such as 0");
        var time = $"{CronField.Second.Convert(fields[0])} {CronField.Minute.Convert(fields[1])} {CronField.Hour.Convert(fields[2])}";
        var month = CronField.Month.Convert(fields[4]);
        return [.. CronDays.Convert(fields[3], fields[5]).Select(days => $"{time} {days.OfMonth} {month} {days.OfWeek}")];
    }
}

/// <summary>The reading of a recorded text. Its openings are those of all <paramref name="Texts"/> together.</summary>
/// <param name="Texts">The texts in the common form.</param>
/// <param name="Expressions">The expressions of the texts, in their order. They hold fields only, without a zone.</param>
/// <param name="Problem">The reason that the text cannot be read. Null if it can.</param>
internal sealed record CronReading(IReadOnlyList<string> Texts, IReadOnlyList<CronExpression> Expressions, string? Problem)
{
    /// <summary>
    /// True for an interval, which opens in both passes of a repeated hour. Its minute or hour is a wildcard, a range or a step. Plain
    /// numbers are fixed times, which open once a day.
    /// </summary>
    public bool IsInterval { get; } = Texts.Any(text => text.Split(' ')[1..3].Any(field => field.AsSpan().ContainsAny('*', '-', '/')));
}
