using System.Net.Mail;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Ledger.Http;

namespace Ledger.Notifications;

/// <summary>Hands mail to a server (STARTTLS, authentication), or writes it to a folder as <c>.eml</c> files, one a notification.</summary>
public sealed class MailSender(NotificationOptions options, HttpOptions http, TimeProvider time) : INotificationSender
{
    public NotificationKind Kind => NotificationKind.Mail;

    public (string Before, string After) MessageIdParts => ("<", $"@{options.From.Host}>");

    public TimeSpan Deadline => options.MailDeadline;

    public async Task<SendResult> SendAsync(Notification notification, CancellationToken cancel)
    {
        if (notification.Recipient is null)
            return new SendResult.Failed("the bot has no owner mail any more", IsFinal: true);
        if (!MailAddress.TryCreate(notification.Recipient, out var owner) || MimeText.Address(owner) is not { } to)
            return new SendResult.Failed("the owner's mail address cannot be used: correct it with `ledger bot set`", IsFinal: true);
        var mail = CompletionMail.Create(notification, options.From, to, http.PublicUrl, time.GetUtcNow());
        return options.Smtp is { } server ? await SubmitAsync(server, to, mail, cancel) : await WriteAsync(options.MailFolder!, notification.Id, mail, cancel);
    }

    private async Task<SendResult> SubmitAsync(SmtpServer server, string to, string mail, CancellationToken cancel)
    {
        try
        {
            await SmtpSession.SubmitAsync(server, options.From.Address, to, mail, cancel);
            return new SendResult.Sent();
        }
        catch (SmtpRefusal refusal)
        {
            return new SendResult.Failed(refusal.Message, refusal.IsFinal);
        }
        catch (Exception e) when (e is SocketException or AuthenticationException or IOException && !cancel.IsCancellationRequested)
        {
            return new SendResult.Failed(e switch
            {
                SocketException => "the mail server cannot be reached",
                AuthenticationException => "the mail server's certificate is not trusted, or is not this host's",
                _ => "the mail server broke off",
            });
        }
    }

    /// <summary>Written beside its place and moved there whole; an attempt that is repeated writes the same file.</summary>
    private static async Task<SendResult> WriteAsync(string folder, Guid id, string mail, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var fresh = Path.Combine(folder, $".{id}");
            await File.WriteAllTextAsync(fresh, mail, Encoding.ASCII, cancel);
            File.Move(fresh, Path.Combine(folder, $"{id}.eml"), overwrite: true);
            return new SendResult.Sent();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SendResult.Failed("the mail folder cannot be written to");
        }
    }
}
