using Ledger.Engine;
using Wolverine;
using Wolverine.Runtime;

namespace Ledger.Notifications.Webhooks;

/// <summary>Posts to webhooks.</summary>
public static class SendWebhookHandler
{
    /// <summary>The kind of message.</summary>
    internal static MessageKind Kind { get; } = SendingMessages.Kind(new SendWebhook(Guid.Empty), typeof(SendWebhookHandler));

    /// <summary>Makes one attempt.</summary>
    public static Task Handle(
        SendWebhook message, Courier courier, WebhookSender sender,
        Envelope envelope, IMessageContext context, IWolverineRuntime runtime) =>
        SendingMessages.HandleAsync(courier, sender, message.Delivery, HandledMessage.Of(envelope, runtime), context);
}
