using Ledger.Contracts;
using Ledger.Jobs;

namespace Ledger.Tests.Http;

public sealed class RequestedRangeTests
{
    [Theory]
    [InlineData("2026-05-04", "2026-05-04T00:00:00.000Z", "2026-05-04T23:59:59.999Z")]
    [InlineData("2024-02-29", "2024-02-29T00:00:00.000Z", "2024-02-29T23:59:59.999Z")]
    [InlineData("0001-01-01", "0001-01-01T00:00:00.000Z", "0001-01-01T23:59:59.999Z")]
    [InlineData("9999-12-31", "9999-12-31T00:00:00.000Z", "9999-12-31T23:59:59.999Z")]
    public void A_date_alone_means_the_whole_utc_day(string text, string start, string end) => Means(text, start, end);

    [Theory]
    [InlineData("2026-05-04T10:20:30Z", "2026-05-04T10:20:30.000Z", "2026-05-04T10:20:30.000Z")]
    [InlineData("2026-05-04T10:20:30.5Z", "2026-05-04T10:20:30.500Z", "2026-05-04T10:20:30.500Z")]
    [InlineData("2026-05-04T10:20:30.000+02:00", "2026-05-04T08:20:30.000Z", "2026-05-04T08:20:30.000Z")]
    [InlineData("2026-05-04T23:20:30-14:00", "2026-05-05T13:20:30.000Z", "2026-05-05T13:20:30.000Z")]
    [InlineData("2026-05-04T10:20:30-00:00", "2026-05-04T10:20:30.000Z", "2026-05-04T10:20:30.000Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z")]
    public void An_instant_is_taken_as_it_is(string text, string start, string end) => Means(text, start, end);

    [Theory]
    [InlineData("2026-05-04T10:20:30.0001Z", "2026-05-04T10:20:30.001Z", "2026-05-04T10:20:30.000Z")]
    [InlineData("2026-05-04T10:20:30.123000001Z", "2026-05-04T10:20:30.124Z", "2026-05-04T10:20:30.123Z")]
    [InlineData("2026-05-04T23:59:59.999999999Z", "2026-05-05T00:00:00.000Z", "2026-05-04T23:59:59.999Z")]
    [InlineData("2026-05-04T10:20:30.123000000Z", "2026-05-04T10:20:30.123Z", "2026-05-04T10:20:30.123Z")]
    public void What_is_finer_than_a_millisecond_is_rounded_into_the_range(string text, string start, string end) =>
        Means(text, start, end);

    [Theory]
    [InlineData("2026-5-4")]
    [InlineData("20260504")]
    [InlineData("2026-02-30")]
    [InlineData("2026-13-01")]
    [InlineData("0000-01-01")]
    [InlineData("10000-01-01")]
    [InlineData("-2026-01-01")]
    [InlineData("2026-05-04 ")]
    [InlineData("2026-05-04\n")]
    [InlineData("2026-05-04Z")]
    [InlineData("2026-05-04T10:20:30")]
    [InlineData("2026-05-04T10:20Z")]
    [InlineData("2026-05-04t10:20:30z")]
    [InlineData("2026-05-04 10:20:30Z")]
    [InlineData("2026-05-04T24:00:00Z")]
    [InlineData("2026-05-04T23:59:60Z")]
    [InlineData("2026-05-04T10:20:30.Z")]
    [InlineData("2026-05-04T10:20:30.1234567890Z")]
    [InlineData("2026-05-04T10:20:30,5Z")]
    [InlineData("2026-05-04T10:20:30+0200")]
    [InlineData("2026-05-04T10:20:30+02")]
    [InlineData("2026-05-04T10:20:30+14:01")]
    [InlineData("2026-05-04T10:20:30+02:60")]
    [InlineData("٢٠٢٦-٠٥-٠٤")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    public void Anything_else_is_not_a_date(string text)
    {
        Assert.Null(SentInstant.Read(text, isStart: true));
        Assert.Null(SentInstant.Read(text, isStart: false));
    }

    [Fact]
    public void Rounding_up_never_leaves_the_calendar()
    {
        Assert.Null(SentInstant.Read("9999-12-31T23:59:59.9999Z", isStart: true));
        Assert.Equal("9999-12-31T23:59:59.999Z", Instant.Text(SentInstant.Read("9999-12-31T23:59:59.9999Z", isStart: false)!.Value));
    }

    private static void Means(string text, string start, string end)
    {
        Assert.Equal(start, Instant.Text(SentInstant.Read(text, isStart: true)!.Value));
        Assert.Equal(end, Instant.Text(SentInstant.Read(text, isStart: false)!.Value));
    }
}
