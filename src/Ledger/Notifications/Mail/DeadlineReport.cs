using Ledger.Contracts.Transparency.Proofs;
using Ledger.Jobs;

namespace Ledger.Notifications.Mail;

/// <summary>
/// The report of a deadline that is near or over to the owner of a bot, in words. It holds no reference, and no identifier of a
/// conversation or a channel user.
/// </summary>
internal static class DeadlineReport
{
    /// <param name="notification">Of a topic that is about the deadline.</param>
    /// <param name="publicUrl">The service's address. Null if the report gives only the page's path.</param>
    public static CompletionReport Of(Notification notification, Uri? publicUrl)
    {
        var (bot, status) = (notification.Bot, notification.Status);
        var due = notification.DueOn is { } day ? CaseText.Of(day) : "a day that is not known";
        var isOver = notification.Topic == NotificationTopic.Overdue;
        return new CompletionReport(
            isOver ? $"Deletion job late: it was due on {due} (bot {bot})" : $"Deletion job due on {due} (bot {bot})",
            (isOver
                ? $"The request behind the deletion job was due on {due}, and the job had not ended by then."
                : $"The request behind the deletion job is due on {due}, and the job has not ended yet.")
            + (status.Ended
                ? " It has ended since."
                : " It runs in the window below. If that is too late, ask the operator for another window, or the client that submitted "
                    + "the job to extend the deadline."),
            [CompletionReport.About(bot, status), CompletionReport.Instants(status)],
            PublicAddress.Job(publicUrl, bot, notification.Job), publicUrl is not null)
        {
            AddressTitle = "The job",
        };
    }
}
