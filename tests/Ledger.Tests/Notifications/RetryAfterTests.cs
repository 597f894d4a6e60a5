using Ledger.Notifications.Webhooks;

namespace Ledger.Tests.Notifications;

public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset s_now = new(2026, 5, 8, 6, 22, 56, TimeSpan.Zero);

    [Theory]
    [InlineData("120", 120)]
    [InlineData("86400", 86400)]
    [InlineData("86401", 86400)]
    [InlineData("2147483647", 86400)]
    [InlineData("99999999999999999999", 86400)]
    [InlineData("Fri, 08 May 2026 06:32:56 GMT", 600)]
    [InlineData("Fri, 08 May 2099 06:32:56 GMT", 86400)]
    [InlineData("Fri, 08 May 2026 06:22:56 GMT", null)]
    [InlineData("Thu, 07 May 2026 06:22:56 GMT", null)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("-99999999999999", null)]
    [InlineData("1.5", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Seconds_and_dates_are_read_at_most_a_day_is_granted_and_what_is_past_or_odd_is_ignored(string? value, int? seconds)
    {
        using var response = new HttpResponseMessage();
        if (value is not null)
            Assert.True(response.Headers.TryAddWithoutValidation("Retry-After", value));
        Assert.Equal(seconds is { } wait ? TimeSpan.FromSeconds(wait) : (TimeSpan?)null, RetryAfter.Of(response.Headers, s_now));
    }
}
