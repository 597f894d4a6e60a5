using Ledger.Web;
using Npgsql;

namespace Ledger.Tests.Http;

public sealed class RateLimitsTests
{
    private readonly FixedTime _time = new(new DateTimeOffset(2026, 5, 8, 6, 22, 0, TimeSpan.Zero));

    [Fact]
    public void The_sixty_first_submit_of_a_minute_waits_for_the_next()
    {
        var limits = Limits(new HttpOptions());
        _time.Now = _time.Now.AddSeconds(12.5);
        for (var i = 0; i < 60; i++)
            Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
        Assert.Equal(48, limits.SecondsToWait(LimitedCall.Submit, "bot"));
        _time.Now = _time.Now.AddSeconds(47.5);
        Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
    }

    [Fact]
    public void The_hourly_limit_waits_for_the_hour()
    {
        var limits = Limits(new HttpOptions { Submits = new RateLimit(PerMinute: 60, PerHour: 100) });
        for (var i = 0; i < 100; i++)
        {
            Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
            _time.Now = _time.Now.AddSeconds(2);
        }
        Assert.Equal((60 - 22) * 60 - 200, limits.SecondsToWait(LimitedCall.Submit, "bot"));
        _time.Now = new DateTimeOffset(2026, 5, 8, 7, 0, 0, TimeSpan.Zero);
        Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
    }

    [Fact]
    public void What_is_refused_is_not_counted()
    {
        var limits = Limits(new HttpOptions { Submits = new RateLimit(PerMinute: 1, PerHour: 2) });
        Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
        for (var i = 0; i < 10; i++)
            Assert.NotNull(limits.SecondsToWait(LimitedCall.Submit, "bot"));
        _time.Now = _time.Now.AddMinutes(1);
        Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
    }

    [Fact]
    public void Bots_and_kinds_of_call_are_counted_apart()
    {
        var limits = Limits(new HttpOptions { Submits = new RateLimit(1, 1), Polls = new RateLimit(1, 1) });
        Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "a"));
        Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "b"));
        Assert.Null(limits.SecondsToWait(LimitedCall.Poll, "a"));
        Assert.NotNull(limits.SecondsToWait(LimitedCall.Submit, "a"));
        Assert.NotNull(limits.SecondsToWait(LimitedCall.Poll, "a"));
    }

    [Fact]
    public void No_limit_admits_everything()
    {
        var limits = Limits(new HttpOptions { Submits = null });
        for (var i = 0; i < 5000; i++)
            Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
        Assert.Equal(0, limits.Windows);
    }

    [Fact]
    public async Task Windows_that_are_over_are_forgotten_and_those_counted_at_once_are_bounded()
    {
        var limits = Limits(new HttpOptions());
        for (var i = 0; i < 2 * RateLimits.PollWindows; i++)
            Assert.Null(limits.SecondsToWait(LimitedCall.Poll, i.ToString()));
        Assert.Equal(RateLimits.PollWindows, limits.Windows);
        _time.Now = _time.Now.AddHours(2);
        await limits.FlushAsync(CancellationToken.None); // all are over: nothing is left to flush, so the database is not asked
        Assert.Equal(0, limits.Windows);
    }

    [Fact]
    public void A_flood_of_invented_jobs_does_not_lift_the_limit_of_a_job_that_was_polled_before()
    {
        var limits = Limits(new HttpOptions { Polls = new RateLimit(PerMinute: 2, PerHour: 3) });
        Assert.Null(limits.SecondsToWait(LimitedCall.Poll, "known"));
        for (var i = 0; i < RateLimits.PollWindows; i++)
            Assert.Null(limits.SecondsToWait(LimitedCall.Poll, i.ToString()));
        Assert.Equal(RateLimits.PollWindows, limits.Windows);
        Assert.Null(limits.SecondsToWait(LimitedCall.Poll, "known"));
        Assert.Equal(60, limits.SecondsToWait(LimitedCall.Poll, "known"));
        _time.Now = _time.Now.AddMinutes(1); // its minute's window is a new one, its hour's is not
        Assert.Null(limits.SecondsToWait(LimitedCall.Poll, "known"));
        Assert.Equal((60 - 23) * 60, limits.SecondsToWait(LimitedCall.Poll, "known"));
    }

    [Fact]
    public async Task A_database_that_is_down_loses_no_count()
    {
        var limits = Limits(new HttpOptions { Submits = new RateLimit(2, 2) });
        Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
        await Assert.ThrowsAsync<NpgsqlException>(() => limits.FlushAsync(CancellationToken.None));
        Assert.Null(limits.SecondsToWait(LimitedCall.Submit, "bot"));
        Assert.NotNull(limits.SecondsToWait(LimitedCall.Submit, "bot"));
    }

    /// <summary>Port 1 has no listener: these tests are about one node alone.</summary>
    private RateLimits Limits(HttpOptions options) => new(options, NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=2"), _time);
}
