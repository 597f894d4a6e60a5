using Ledger.Windows;

namespace Ledger.Tests.Windows;

public class WindowTests
{
    [Fact]
    public void The_default_window_has_no_problems() => Assert.Empty(ProblemsOf(Window.Default));

    [Theory]
    [InlineData("")]
    [InlineData("Night")]
    [InlineData("night shift")]
    [InlineData("night\n")]
    [InlineData("a1234567890123456789012345678901234567890123456789012345678901234")]
    public void A_name_is_1_to_64_of_lower_case_letters_digits_and_dashes(string name) =>
        Assert.Equal(["name: must be 1 to 64 characters of a-z, 0-9 and -"], ProblemsOf(Window.Default with { Name = name }));

    [Theory]
    [InlineData("", "it has 0 fields instead of six: second, minute, hour, day of month, month, day of week; a daily window at six is")]
    [InlineData("tonight", "it has 1 fields instead of six")]
    [InlineData("0 18 * * *", "it has 5 fields instead of six")]
    [InlineData("H 0 18 * * ?", "the seconds field must be one number, such as 0")]
    [InlineData("* 0 18 * * ?", "the seconds field must be one number, such as 0")]
    [InlineData("0/30 0 18 * * ?", "the seconds field must be one number, such as 0")]
    [InlineData("0,30 0 18 * * ?", "the seconds field must be one number, such as 0")]
    [InlineData("0 0 18 * * ? 2020", "it names a year (2020), and a window has none: leave the seventh field out")]
    [InlineData("0 0 18 30 2 ?", "never opens again: no future time matches it")]
    public void A_cron_expression_has_six_fields_one_second_and_a_future(string cron, string problem) =>
        Assert.StartsWith("cron: " + problem, Assert.Single(ProblemsOf(Window.Default with { Cron = cron })), StringComparison.Ordinal);

    [Fact]
    public void A_cron_expression_has_at_most_120_characters() =>
        Assert.Equal(
            ["cron: must be at most 120 characters"],
            ProblemsOf(Window.Default with { Cron = $"0 0 18 {string.Join(",", Enumerable.Repeat("1", 60))} * ?" }));

    [Theory]
    [InlineData("")]
    [InlineData("Mars/Olympus_Mons")]
    [InlineData("europe/berlin")]
    [InlineData("W. Europe Standard Time")]
    [InlineData("UTC+3")]
    [InlineData("Factory")]
    [InlineData("localtime")]
    [InlineData("posixrules")]
    [InlineData("right/UTC")]
    [InlineData("../../etc/passwd")]
    public void A_time_zone_is_an_IANA_id(string zone) => Assert.StartsWith(
        "timeZone: must be the id of a zone", Assert.Single(ProblemsOf(Window.Default with { TimeZone = zone })), StringComparison.Ordinal);

    [Theory]
    [InlineData(59)]
    [InlineData((7 * 86_400) + 1)]
    [InlineData(-60)]
    public void A_length_is_1_minute_to_7_days(int seconds) =>
        Assert.Equal(
            ["length: must be from 1 minute to 7 days"], ProblemsOf(Window.Default with { Length = TimeSpan.FromSeconds(seconds) }));

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    public void A_window_has_1_to_32_lanes(int lanes) =>
        Assert.Equal(["lanes: must be from 1 to 32"], ProblemsOf(Window.Default with { Lanes = lanes }));

    [Fact]
    public void Limits_themselves_are_allowed()
    {
        Assert.Empty(ProblemsOf(new(new string('a', 64), "59 0 18 * * ?", "America/Argentina/ComodRivadavia", TimeSpan.FromMinutes(1), 1)));
        Assert.Empty(ProblemsOf(new("0", "@daily", "Etc/GMT+5", TimeSpan.FromDays(7), 32)));
    }

    [Fact]
    public void Every_problem_is_told_at_once() =>
        Assert.Equal(
            ["name", "timeZone", "cron", "length", "lanes"],
            Window.Problems("", "", "", TimeSpan.Zero, 0).Select(problem => problem.Split(':')[0]));

    private static IReadOnlyList<string> ProblemsOf(Window window) =>
        Window.Problems(window.Name, window.Cron, window.TimeZone, window.Length, window.Lanes);
}
