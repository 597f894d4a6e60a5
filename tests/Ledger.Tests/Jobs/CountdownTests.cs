using System.Globalization;
using Ledger.Jobs.Cases;

namespace Ledger.Tests.Jobs;

/// <summary>Days to a deadline, in UTC.</summary>
public sealed class CountdownTests
{
    [Theory]
    [InlineData("2026-05-10", null, "2 days left")]
    [InlineData("2026-05-09", null, "1 day left")]
    [InlineData("2026-05-08", null, "due today")]
    [InlineData("2026-05-07", null, "1 day late")]
    [InlineData("2026-04-08", null, "30 days late")]
    [InlineData("2026-05-08", "2026-05-08T23:59:59.999Z", "in time")]
    [InlineData("2026-05-08", "2026-05-09T00:00:00.000Z", "1 day late")]
    [InlineData("2026-05-08", "2026-05-01T00:00:00.000Z", "in time")]
    public void Days_are_counted_down_to_the_deadline_and_up_behind_it(string dueOn, string? endedAt, string words) => Assert.Equal(
        words,
        Countdown.Text(
            DateOnly.Parse(dueOn, CultureInfo.InvariantCulture),
            endedAt is null ? null : DateTimeOffset.Parse(endedAt, CultureInfo.InvariantCulture),
            new DateTimeOffset(2026, 5, 8, 23, 59, 59, TimeSpan.Zero)));
}
