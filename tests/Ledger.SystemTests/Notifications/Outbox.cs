using Ledger.Http;
using Ledger.Notifications;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.SystemTests.Notifications;

/// <summary>Sends and inspects what a service has to tell.</summary>
internal static class Outbox
{
    /// <summary>The service's address as the links in mail have it.</summary>
    public static readonly HttpOptions Http = new() { Submits = null, Polls = null, PublicUrl = new Uri("https://ledger.example/") };

    /// <summary>Sends nothing by itself: only when the test says so.</summary>
    public static NotificationOptions Manual(SmtpReceiver? receiver = null) => new()
    {
        Smtp = receiver is null ? null : new SmtpServer("127.0.0.1", receiver.Port, MailKit.Security.SecureSocketOptions.None),
        From = new("ledger@ledger.example", "Deletion ledger"),
        PollInterval = TimeSpan.FromHours(1),
    };

    /// <summary>One pass over what is due of one kind.</summary>
    public static Task<int> SendAsync<TSender>(this TestService service)
        where TSender : class, INotificationSender => new NotificationDuty(
            service.Services.GetRequiredService<NotificationOutbox>(), service.Services.GetRequiredService<TSender>(), service.Services.GetRequiredService<NotificationOptions>(),
            service.Time, NullLogger<NotificationDuty>.Instance).RunOnceAsync(CancellationToken.None);

    /// <summary>A job that finds nothing, and is ended.</summary>
    public static async Task<string> EndAJobAsync(this TestService service, string? bot = null)
    {
        var job = await service.SubmitAsync(new { cId = "nobody" }, bot);
        await service.RunSlicesAsync();
        return job;
    }

    public static async Task SetBotAsync(this TestService service, string? ownerMail = null, string? webhook = null, byte[]? secret = null, string? bot = null) => Assert.Null(
        (await service.Registry.ExecuteAsync(
            bot ?? service.Bot, new ChangeBot(bot ?? service.Bot, ownerMail, null, null, null, "test", null, WebhookUrl: webhook), secret, CancellationToken.None))?.Message);

    /// <summary>Each notification of a kind: state, attempts, last error.</summary>
    public static Task<string> StatesAsync(this TestService service, string kind) => service.ScalarAsync<string>(
        """
        select coalesce(string_agg(concat_ws(' ', recipient, case when sent_at is not null then 'sent' when given_up_at is not null then 'undeliverable' else 'waiting' end,
            attempts, last_error), '; ' order by queued_at, recipient), 'none')
        from ledger.notifications where kind = $1
        """, kind);

    public static Task UntilAllIsSentAsync(this TestService service) => Steps.UntilAsync(
        "something is not sent", () => service.ScalarAsync<bool>("select not exists (select from ledger.notifications where sent_at is null)"));
}
