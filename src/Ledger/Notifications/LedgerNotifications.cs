using Ledger.Notifications.Deadlines;
using Ledger.Notifications.Mail;
using Ledger.Notifications.Webhooks;

namespace Ledger.Notifications;

/// <summary>The notifications that a node sends by itself.</summary>
public static class LedgerNotifications
{
    /// <summary>Adds the senders, and the record of sent notifications.</summary>
    public static void AddLedgerNotifications(this IServiceCollection services, NotificationOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<Deliveries>();
        services.AddSingleton<DeliveryReader>();
        services.AddSingleton<DeliveryReplay>();
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<Courier>();
        services.AddSingleton<DeadlineAlarms>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<MailSender>();
    }
}
