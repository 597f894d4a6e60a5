using System.Security.Cryptography;
using System.Text;
using Cronos;
using Ledger.Windows;

namespace Ledger.Tests.Windows;

/// <summary>
/// Windows of earlier versions were read by Quartz. <c>quartz.tsv</c> holds the openings that Quartz 4.7.3 gave for each of these texts:
/// the first 16 digits of SHA-256 over their instants in Unix seconds, separated by spaces.
/// </summary>
public sealed class CronTextTests
{
    private const int Openings = 40;
    private static readonly DateTimeOffset s_from = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, string> s_quartz = File.ReadLines(
            Path.Combine(AppContext.BaseDirectory, "Windows", "quartz.tsv")
        )
        .Select(line => line.Split('\t'))
        .ToDictionary(line => line[0], line => line[1], StringComparer.Ordinal);

    private static readonly string[] s_numbers =
    [
        "*", "*/7", "/7", "5", "05", "5,9", "5-9", "9-5", "5/3", "2-11/3", "11-2/3", "5,*", "*/5,3", "1,/4",
        "1-3,8-11/2", "1,3/4,9", "5,,6", ",5", "5-5", "0", "12", "23", "31", "59", "60", "0/5", "5/0",
        "*/60", "*/24", "*/13", "5-", "-5", "?", "L", "W", "5W", "H", "A", "5.5", "JAN", "99999999999",
    ];

    private static readonly string[] s_daysOfMonth =
    [
        "L", "LW", "L-2", "L-30", "L-31", "L-3W", "1W", "15W", "28W", "29W", "31W", "L,15", "1W,15W", "LW,3", "L-2,3,1W", "15C", "L5", "0W",
        "1,?", "5,*",
    ];

    private static readonly string[] s_months =
        ["JAN", "jan", "JAN-MAR", "NOV-FEB", "JAN,MAR", "JAN,5", "5-DEC", "JAN-5", "MAR/3", "FEB-JUL/2", "JANUARY", "FEB,6-8"];

    private static readonly string[] s_daysOfWeek =
    [
        "SUN", "sun", "MON-FRI", "SAT-MON", "MON,WED", "1", "7", "0", "8", "2-6", "6-2", "1,4", "2/2", "MON/2", "*/2", "/3", "2-6/2",
        "MON-FRI/2", "L", "6L", "FRIL", "L,MON",
        "2#3", "MON#1", "MON#6", "MON#1,FRI", "2,FRI", "MON,3-5", "MON-2", "2-FRI", "SUN-SAT", "1-7", "MON,*", "1C", "FRIDAY", "TUE,?",
    ];

    /// <summary>Each field's ways of being written, and the days' in pairs; some are no cron at all.</summary>
    private static IEnumerable<string> Texts() =>
    [
        .. s_numbers.SelectMany(field => new[]
        {
            $"{field} 0 18 * * ?", $"0 {field} 18 * * ?", $"0 0 {field} * * ?", $"0 0 18 {field} * ?", $"0 0 18 * {field} ?",
            $"0 0 18 ? {field} MON", $"0 0 18 ? * {field}",
        }),
        .. s_months.Select(field => $"0 0 18 * {field} ?"),
        .. s_daysOfMonth.Concat(["*", "?", "1", "10-12", "*/10"])
            .SelectMany(day => s_daysOfWeek.Concat(["*", "?"]).Select(week => $"0 0 18 {day} * {week}")),
        "@daily", "@DAILY", "@midnight", "@hourly", "@weekly", "@monthly", "@yearly", "@annually", "@every_minute",
        "@every_second", "@reboot", "@", "",
        "0 0 18 * * ? *", "0 0 18 * * ? 2026", "0 0 18 * * ? 2026-2099", "0 0 18 * * ? *", "0 0 18 * * ? * *", "0 18 * * *",
        "0 18 * * ?", " 0  0\t18 * * ? ", "0 0 18 31 2 ?", "0 0 18 29 2 ?", "0 30 1 28 3 ?", "0 0 18 * ? *", "0 0 18 * ? MON",
        "tonight", "0 5~10 18 * * ?",
    ];

    [Fact]
    public void What_is_accepted_for_a_new_window_is_read_alike_by_Quartz_Cronos_and_the_calendar()
    {
        var accepted = Texts().Where(text => CronText.ProblemOfNew(text) is null).ToList();

        Assert.All(accepted, text =>
        {
            var expected = OfQuartz(text);
            Assert.Equal(expected, Digest(OfCronos(CronExpression.Parse(text, CronFormat.IncludeSeconds))));
            Assert.Equal(expected, Digest(OfCalendar(text)));
        });
        Assert.InRange(accepted.Count, 100, int.MaxValue);
    }

    [Fact]
    public void A_recorded_text_opens_as_it_did_with_Quartz_or_says_why_it_cannot()
    {
        var recorded = Texts().Select(text => (Text: text, Quartz: OfQuartz(text), Reading: CronText.Read(text)))
            .Where(text => text.Quartz is not null && HasOneSecond(text.Text)).ToList();

        Assert.All(recorded, text =>
        {
            Assert.Equal(text.Reading.Problem is null, text.Reading.Texts.Count > 0);
            if (text.Reading.Problem is null)
                Assert.Equal(text.Quartz, Digest(OfCalendar(text.Text)));
        });
        // Years, weekdays near the end of a month, steps after a month's name, and what Quartz took without meaning anything by it.
        Assert.All(
            recorded.Where(text => text.Reading.Problem is not null),
            text => Assert.Matches(@"( 2026(-2099)?$)|29W|31W|MAR/3|FEB-JUL/2|JANUARY|L-31|,\?", text.Text));
        Assert.InRange(recorded.Count, 400, int.MaxValue);
    }

    [Fact]
    public void What_a_recorded_text_is_converted_to_would_be_accepted_anew() =>
        Assert.All(Texts().SelectMany(text => CronText.Read(text).Texts), text => Assert.Null(CronText.ProblemOfNew(text)));

    [Theory]
    [InlineData("0 0 18 ? * 2-6", "common readers of cron read this differently: write 0 0 18 ? * MON,TUE,WED,THU,FRI")]
    [InlineData("0 0 18 ? * 1", "common readers of cron read this differently: write 0 0 18 ? * SUN")]
    [InlineData("0 0 18 ? * L", "common readers of cron read this differently: write 0 0 18 ? * SAT")]
    [InlineData("0 /20 18 * * ?", "common readers of cron read this differently: write 0 */20 18 * * ?")]
    [InlineData("0 0 18 1 * MON", "common readers of cron read a list of such days differently: one of 0 0 18 1 * ? or 0 0 18 ? * MON")]
    [InlineData("0 0 18 1W,15W * ?", "common readers of cron read a list of such days differently: one of 0 0 18 1W * ? or 0 0 18 15W * ?")]
    [InlineData("0 5 16 29 11 ? 2026", "it names a year (2026), and a window has none: leave the seventh field out")]
    [InlineData("0 18 * * *", "it has 5 fields instead of six: second, minute, hour, day of month, month, day of week")]
    [InlineData("0 0 18 31W * ?", "the day of month 31W is none of 1W to 28W; the last weekday of a month is LW")]
    [InlineData("0 0 18 ? MAR/3 *", "the month has a step after a name, which Quartz ignored: write the months one by one")]
    [InlineData("0 0 25 * * ?", "the hour must be from 0 to 23")]
    [InlineData("0 H 18 * * ?", "the minute H cannot be read")]
    public void A_text_that_is_refused_is_told_what_to_write(string text, string problem) =>
        Assert.StartsWith(problem, CronText.ProblemOfNew(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("0 0 18 * * ?", false)]
    [InlineData("0 0,30 1,2 * * ?", false)]
    [InlineData("0 0 18 */2 * ?", false)]
    [InlineData("0 0 * * * ?", true)]
    [InlineData("0 0/20 18 * * ?", true)]
    [InlineData("0 /20 18 * * ?", true)]
    [InlineData("0 0 1-3 * * ?", true)]
    [InlineData("@hourly", true)]
    [InlineData("@daily", false)]
    public void A_wildcard_a_range_or_a_step_of_the_minute_or_the_hour_is_an_interval(string text, bool isInterval) =>
        Assert.Equal(isInterval, CronText.Read(text).IsInterval);

    /// <summary>No version took more than one opening a minute.</summary>
    private static bool HasOneSecond(string text) => text.StartsWith('@') || text.Trim().Split(' ')[0].All(char.IsAsciiDigit);

    /// <summary>What Quartz gave; null: it refused the text.</summary>
    private static string? OfQuartz(string text) =>
        s_quartz[text.Replace("\t", "\\t")] is var digest && digest != "refused" ? digest : null;

    private static string Digest(IEnumerable<DateTimeOffset> openings) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(' ', openings.Select(at => at.ToUnixTimeSeconds())))))[..16];

    private static List<DateTimeOffset> OfCronos(CronExpression expression) =>
        Next(after => expression.GetNextOccurrence(after.UtcDateTime) is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null);

    private static List<DateTimeOffset> OfCalendar(string text)
    {
        var calendar = new WindowCalendar(Window.Default with { Cron = text });
        return Next(after => calendar.TryNext(after)?.Opens);
    }

    private static List<DateTimeOffset> Next(Func<DateTimeOffset, DateTimeOffset?> next)
    {
        var openings = new List<DateTimeOffset>();
        for (var opens = next(s_from); opens is { } at && openings.Count < Openings && at.Year < 2090; opens = next(at))
            openings.Add(at);
        return openings;
    }
}
