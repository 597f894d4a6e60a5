using Ledger.Notifications.Deadlines;
using Ledger.Notifications.Mail;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Notifications;

/// <summary>A case whose deadline nears, or passes, while its job has not ended.</summary>
public sealed class DeadlineAlarmTests(SharedReceiver shared) : IClassFixture<SharedReceiver>
{
    [SkippableFact]
    public async Task The_owner_is_told_once_when_the_deadline_is_near_and_once_when_it_is_over()
    {
        var receiver = await shared.EmptyAsync();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { OwnClock = true, Notifications = Outbox.Manual(receiver) });
        var today = DateOnly.FromDateTime(service.Services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
        var due = today.AddDays(DeadlineAlarms.NearDays + 2).ToString("yyyy-MM-dd");
        await service.SubmitAsync(new { cId = "nobody", @case = new { dueOn = due, reference = "secret-reference" } });
        await service.SubmitAsync(new { cId = "nobody" });
        var ownerless = await service.AddBotAsync();
        await service.SetBotAsync(ownerMail: "", bot: ownerless);
        await service.SubmitAsync(new { cId = "nobody", @case = new { dueOn = due } }, ownerless);

        Assert.Equal("", await LookAsync(service));
        await service.Clock.AdvanceAsync(TimeSpan.FromDays(2));
        Assert.Equal("due_soon", await LookAsync(service));
        Assert.Contains("0 unfinished jobs are past the day", await WarningAsync(service), StringComparison.Ordinal);
        Assert.Contains("2 are due within 7 days", await WarningAsync(service), StringComparison.Ordinal);
        Assert.Equal("due_soon", await LookAsync(service));
        Assert.Equal(1, await service.SendAsync<MailSender>());
        await service.Clock.AdvanceAsync(TimeSpan.FromDays(DeadlineAlarms.NearDays));
        Assert.Equal("due_soon", await LookAsync(service)); // its last day
        await service.Clock.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.Equal("due_soon overdue", await LookAsync(service));
        Assert.Equal(1, await service.SendAsync<MailSender>());
        Assert.Contains("2 unfinished jobs are past the day", await WarningAsync(service), StringComparison.Ordinal);

        Assert.Equal(
            [$"Deletion job due on {due} (bot {service.Bot})", $"Deletion job late: it was due on {due} (bot {service.Bot})"],
            receiver.Mails.Select(mail => mail.Headers["Subject"]).Order());
        Assert.All(
            receiver.Mails, mail => Assert.DoesNotContain("secret-reference", mail.Text("text/plain"), StringComparison.Ordinal));
        await service.RunSlicesAsync();
        Assert.Equal("due_soon ended ended overdue", await LookAsync(service));
        Assert.Null(await WarningAsync(service));
    }

    /// <summary>Two nodes look at once. Then the topics of all deliveries.</summary>
    private static async Task<string> LookAsync(TestService service)
    {
        var alarms = service.Services.GetRequiredService<DeadlineAlarms>();
        await Task.WhenAll(alarms.RunOnceAsync(CancellationToken.None), alarms.RunOnceAsync(CancellationToken.None));
        return await service.ScalarAsync<string>("select coalesce(string_agg(topic, ' ' order by topic), '') from ledger.deliveries");
    }

    private static Task<string?> WarningAsync(TestService service) =>
        service.Services.GetRequiredService<DeadlineAlarms>().WarningAsync(CancellationToken.None);
}
