using Ledger.Notifications.Mail;
using Ledger.Notifications.Webhooks;

namespace Ledger.Notifications;

/// <summary>What a node sends by itself.</summary>
public static class LedgerNotifications
{
    /// <summary>Adds who sends, and the record of what was sent.</summary>
    public static void AddLedgerNotifications(this IServiceCollection services, NotificationOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<Deliveries>();
        services.AddSingleton<DeliveryReader>();
        services.AddSingleton<DeliveryReplay>();
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<Courier>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<MailSender>();
    }
}
