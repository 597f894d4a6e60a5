using Ledger.Notifications;
using Ledger.Notifications.Mail;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Ledger.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Notifications;

/// <summary>Sends and inspects what a service has to tell.</summary>
internal static class Outbox
{
    /// <summary>The service's address as the links in mail have it.</summary>
    public static readonly HttpOptions Http = new() { Submits = null, Polls = null, PublicUrl = new Uri("https://ledger.example/") };

    /// <summary>How it sends. Without the engine, only when the test says so.</summary>
    public static NotificationOptions Manual(SmtpReceiver? receiver = null) => new()
    {
        Smtp = receiver is null ? null : new SmtpServer("127.0.0.1", receiver.Port, MailKit.Security.SecureSocketOptions.None),
        From = new("ledger@ledger.example", "Deletion ledger"),
    };

    /// <summary>
    /// Attempts what is due of one kind until nothing is, as messages would have it. For services without the engine, whose clock can be
    /// set.
    /// </summary>
    /// <returns>How many attempts were made.</returns>
    public static async Task<int> SendAsync<TSender>(this TestService service)
        where TSender : class, INotificationSender
    {
        var (courier, sender) = (service.Services.GetRequiredService<Courier>(), service.Services.GetRequiredService<TSender>());
        for (var attempts = 0; ; attempts++)
        {
            var due = await service.ScalarAsync<Guid[]>(
                """
                select array(
                    select delivery_id from ledger.deliveries
                    where kind = $1 and next_attempt_at <= clock_timestamp()
                    order by queued_at, delivery_id)
                """, Notification.Word(sender.Kind));
            if (due.Length == 0)
                return attempts;
            await courier.AttemptAsync(sender, due[0], message: null);
        }
    }

    /// <summary>With the engine: until somebody gave it up, or sent it.</summary>
    public static Task UntilAsync(this TestService service, string state) => Steps.UntilAsync(
        $"nothing is {state}", async () => (await service.StatesAsync()).Contains(state, StringComparison.Ordinal));

    /// <summary>A job that finds nothing, and is ended.</summary>
    public static async Task<string> EndAJobAsync(this TestService service, string? bot = null)
    {
        var job = await service.SubmitAsync(new { cId = "nobody" }, bot);
        await service.RunSlicesAsync();
        return job;
    }

    public static async Task SetBotAsync(
        this TestService service, string? ownerMail = null, string? webhook = null, byte[]? secret = null, string? bot = null) =>
        Assert.Null(
            (
                await service.Registry.ExecuteAsync(
                    bot ?? service.Bot, new ChangeBot(bot ?? service.Bot, ownerMail, null, null, null, "test", null, WebhookUrl: webhook),
                    secret, CancellationToken.None)
            )?.Message
        );

    /// <summary>Each delivery of a kind, or of both: state, attempts, last error.</summary>
    public static Task<string> StatesAsync(this TestService service, string kind = "%") =>
        service.ScalarAsync<string>(
            """
            select coalesce(string_agg(concat_ws(' ', recipient, case when sent_at is not null
                then 'sent' when given_up_at is not null then 'undeliverable' else 'waiting' end,
                attempts, last_error), '; ' order by queued_at, recipient), 'none')
            from ledger.deliveries where kind like $1
            """,
            kind
        );

    public static Task UntilAllIsSentAsync(this TestService service) => Steps.UntilAsync(
        "something is not sent",
        () => service.ScalarAsync<bool>("select not exists (select from ledger.deliveries where sent_at is null)"));
}
