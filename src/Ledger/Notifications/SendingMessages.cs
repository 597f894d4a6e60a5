using Ledger.Engine;
using Wolverine;
using Wolverine.ErrorHandling;

namespace Ledger.Notifications;

/// <summary>The common parts of the messages that send.</summary>
internal static class SendingMessages
{
    /// <summary>
    /// Number of messages handled at once, more than there are places to send. A message that finds no place is put off at once, and must
    /// not wait for messages that send.
    /// </summary>
    private const int AtOnce = 2 * Courier.PlacesInAll;

    /// <summary>The wait after a failure of our own, such as a database that did not answer.</summary>
    private static readonly TimeSpan s_afterAFault = TimeSpan.FromMinutes(1);

    /// <summary>A kind of message.</summary>
    /// <param name="example">A message of the kind.</param>
    /// <param name="handler">The class that handles it.</param>
    public static MessageKind Kind<T>(T example, Type handler)
        where T : class =>
        new(example, handler, wolverine =>
        {
            wolverine.LocalQueueFor<T>().MaximumParallelMessages(AtOnce).UseDurableInbox();
            wolverine.OnException<DeliveryFailedException>().MoveToErrorQueue();
            // Another handler has it, and will end it.
            wolverine.OnException<MessageTakenException>().CustomActionIndefinitely((_, _, _) => ValueTask.CompletedTask, "Leave it alone");
            wolverine.OnException<DeliveryFaultException>().ScheduleRetryIndefinitely(s_afterAFault);
        })
        {
            // The courier has said more.
            IsQuiet = true,
        };

    /// <summary>Makes one attempt, and does what follows from it for the message.</summary>
    public static async Task HandleAsync(
        Courier courier, INotificationSender sender, Guid delivery, HandledMessage message, IMessageContext context)
    {
        AttemptOutcome outcome;
        try
        {
            outcome = await courier.AttemptAsync(sender, delivery, message);
            if (outcome is AttemptOutcome.Again again)
                await context.PutOffAsync(again.Delay);
        }
        catch (Exception e)
        {
            courier.Report(sender.Kind, e);
            // Its text may be another program's.
            throw new DeliveryFaultException();
        }
        if (outcome is AttemptOutcome.GivenUp)
            throw new DeliveryFailedException();
        if (outcome is AttemptOutcome.Taken)
            throw new MessageTakenException();
    }
}

/// <summary>A delivery was given up. Its record says why.</summary>
internal sealed class DeliveryFailedException() : Exception("the delivery was given up: its record says why");

/// <summary>A message was handed to two handlers, and this was not the first.</summary>
internal sealed class MessageTakenException() : Exception("the message is being handled elsewhere");

/// <summary>An attempt could not be made or recorded. The log says why.</summary>
internal sealed class DeliveryFaultException() : Exception("the attempt could not be made or recorded: the log says why");
