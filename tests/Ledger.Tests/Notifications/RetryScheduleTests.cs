using Ledger.Contracts;
using Ledger.Engine;
using Ledger.Notifications;

namespace Ledger.Tests.Notifications;

public sealed class RetryScheduleTests
{
    [Fact]
    public void Delays_grow_and_end_after_ten_attempts_and_three_days()
    {
        var id = NamedUuid.Create(Guid.Empty, "one");
        var delays = Enumerable.Range(1, RetrySchedule.Attempts - 1)
            .Select(attempts => RetrySchedule.DelayAfter(RetrySchedule.Delays, attempts, id)!.Value).ToArray();
        Assert.Equal(delays.Order(), delays);
        Assert.InRange(delays[0], TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6));
        Assert.InRange(TimeSpan.FromTicks(delays.Sum(delay => delay.Ticks)), TimeSpan.FromDays(3), TimeSpan.FromDays(3.5));
        Assert.Null(RetrySchedule.DelayAfter(RetrySchedule.Delays, 10, id));
        Assert.Null(RetrySchedule.DelayAfter(RetrySchedule.Delays, 11, id));
    }

    [Fact]
    public void What_failed_together_does_not_come_back_together()
    {
        var delays = Enumerable.Range(0, 100)
            .Select(n => RetrySchedule.DelayAfter(RetrySchedule.Delays, 3, NamedUuid.Create(Guid.Empty, $"{n}"))!.Value).ToArray();
        Assert.InRange(delays.Distinct().Count(), 50, 100);
        Assert.All(delays, delay => Assert.InRange(delay, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(33)));
    }

    [Fact]
    public void No_attempt_takes_so_long_that_the_engine_takes_its_message_for_forgotten()
    {
        var options = new NotificationOptions();
        Assert.True(options.MailDeadline < EngineSetup.Stale);
        Assert.True(options.WebhookDeadline < EngineSetup.Stale);
    }
}
