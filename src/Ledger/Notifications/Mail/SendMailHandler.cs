using Ledger.Engine;
using Wolverine;
using Wolverine.Runtime;

namespace Ledger.Notifications.Mail;

/// <summary>Sends mail.</summary>
public static class SendMailHandler
{
    /// <summary>The kind of message.</summary>
    internal static MessageKind Kind { get; } = SendingMessages.Kind(new SendMail(Guid.Empty), typeof(SendMailHandler));

    /// <summary>Makes one attempt.</summary>
    public static Task Handle(
        SendMail message, Courier courier, MailSender sender,
        Envelope envelope, IMessageContext context, IWolverineRuntime runtime) =>
        SendingMessages.HandleAsync(courier, sender, message.Delivery, HandledMessage.Of(envelope, runtime), context);
}
