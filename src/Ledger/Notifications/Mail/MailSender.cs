using Ledger.Registry;
using MimeKit;

namespace Ledger.Notifications.Mail;

/// <summary>Hands mail to a server, or writes it to a folder as <c>.eml</c> files, one a notification.</summary>
public sealed class MailSender(NotificationOptions options, TimeProvider time) : INotificationSender
{
    public NotificationKind Kind => NotificationKind.Mail;

    /// <summary>True if it has a server, or a folder.</summary>
    public bool IsReady => options.SendsMail;

    /// <summary>All mail goes to one server, which is ours.</summary>
    public int AtOnce => 4;

    public (string Before, string After) MessageIdParts => ("<", $"@{options.From.Host}>");

    public TimeSpan Deadline => options.MailDeadline;

    public string HostOf(Notification notification) => options.Smtp?.ToString() ?? "";

    public async Task<SendResult> SendAsync(Notification notification, CancellationToken cancel)
    {
        if (notification.Recipient is null)
            return new SendResult.Failed("the bot has no owner mail any more", IsFinal: true);
        var (to, problem) = SmtpAddress.Read(notification.Recipient);
        if (to is null)
        {
            return new SendResult.Failed(
                $"the owner's mail address cannot be used ({problem}): correct it with `ledger bot set`", IsFinal: true);
        }
        using var mail = CompletionMail.Create(notification, options.From, to, options.PublicUrl, time.GetUtcNow());
        return options.Smtp is { } server
            ? await MailSubmission.SubmitAsync(server, mail, cancel)
            : await WriteAsync(options.MailFolder!, notification.Id, mail, cancel);
    }

    /// <summary>Writes the file beside its place and moves it there whole. A repeated attempt writes the same file.</summary>
    private static async Task<SendResult> WriteAsync(string folder, Guid id, MimeMessage mail, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var fresh = Path.Combine(folder, $".{id}");
            await mail.WriteToAsync(CompletionMail.Format, fresh, cancel);
            File.Move(fresh, Path.Combine(folder, $"{id}.eml"), overwrite: true);
            return new SendResult.Sent();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SendResult.Failed("the mail folder cannot be written to");
        }
    }
}
