namespace Ledger.Notifications;

/// <summary>What a node sends by itself.</summary>
public static class LedgerNotifications
{
    /// <summary>Adds the duties: webhooks always, mail where the node can send it. What one node cannot send, another may.</summary>
    public static void AddLedgerNotifications(this IServiceCollection services, NotificationOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<NotificationOutbox>();
        services.AddSingleton<NotificationReader>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<MailSender>();
        AddDuty<WebhookSender>(services);
        if (options.SendsMail)
            AddDuty<MailSender>(services);
    }

    // AddHostedService takes a type only once.
    private static void AddDuty<TSender>(IServiceCollection services)
        where TSender : class, INotificationSender =>
        services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<NotificationDuty>(provider, provider.GetRequiredService<TSender>()));
}
