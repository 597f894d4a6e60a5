using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Security.Authentication;
using Ledger.Http;

namespace Ledger.Notifications;

/// <summary>Hands mail to a server (STARTTLS, authentication), or writes it to a folder as <c>.eml</c> files, one a notification.</summary>
public sealed class MailSender(NotificationOptions options, HttpOptions http) : INotificationSender
{
    public NotificationKind Kind => NotificationKind.Mail;

    public (string Before, string After) MessageIdParts => ("<", $"@{options.From.Host}>");

    public TimeSpan Deadline => options.MailDeadline;

    public async Task<SendResult> SendAsync(Notification notification, CancellationToken cancel)
    {
        if (notification.Recipient is null)
            return new SendResult.Failed("the bot has no owner mail any more", IsFinal: true);
        if (!MailAddress.TryCreate(notification.Recipient, out var to))
            return new SendResult.Failed("the owner's mail address cannot be read: correct it with `ledger bot set`", IsFinal: true);
        using var mail = CompletionMail.Create(notification, options.From, to, http.PublicUrl);
        try
        {
            if (options.Smtp is { } server)
                await SubmitAsync(server, mail, cancel);
            else
                await WriteAsync(options.MailFolder!, notification.Id, mail, cancel);
            return new SendResult.Sent();
        }
        catch (Exception e) when (e is SmtpException or IOException or UnauthorizedAccessException && !cancel.IsCancellationRequested)
        {
            if (options.Smtp is null)
                return new SendResult.Failed("the mail folder cannot be written to");
            return e is SmtpException answered ? Describe(answered) : new SendResult.Failed("the mail server broke off");
        }
    }

    private static async Task SubmitAsync(SmtpServer server, MailMessage mail, CancellationToken cancel)
    {
        using var client = new SmtpClient(server.Host, server.Port) { EnableSsl = server.UsesStartTls };
        if (server.User is not null)
            client.Credentials = new NetworkCredential(server.User, server.Password);
        await client.SendMailAsync(mail, cancel);
    }

    /// <summary>Written beside its place and moved there whole; an attempt that is repeated writes the same file.</summary>
    private static async Task WriteAsync(string folder, Guid id, MailMessage mail, CancellationToken cancel)
    {
        var fresh = Path.Combine(Path.GetFullPath(folder), $".{id}");
        if (Directory.Exists(fresh))
            Directory.Delete(fresh, recursive: true);
        Directory.CreateDirectory(fresh);
        using (var pickup = new SmtpClient { DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory, PickupDirectoryLocation = fresh })
            await pickup.SendMailAsync(mail, cancel);
        File.Move(Directory.EnumerateFiles(fresh).Single(), Path.Combine(folder, $"{id}.eml"), overwrite: true);
        Directory.Delete(fresh);
    }

    /// <summary>Of what the server said only the code: its words may quote anything.</summary>
    private static SendResult.Failed Describe(SmtpException e) => e switch
    {
        // RFC 5321 §4.2.1: 5yz is for good. What concerns this recipient alone is given up at once; what may be the server's or the settings' fault is tried again.
        SmtpFailedRecipientException when (int)e.StatusCode >= 500 => new($"the mail server refused the recipient ({(int)e.StatusCode})", IsFinal: true),
        SmtpFailedRecipientException => new($"the mail server does not take mail for the recipient at the moment ({(int)e.StatusCode})"),
        _ when Inner<AuthenticationException>(e) => new("the mail server's certificate is not trusted, or is not this host's"),
        _ when Inner<SocketException>(e) => new("the mail server cannot be reached"),
        { StatusCode: (SmtpStatusCode)530 or (SmtpStatusCode)534 or (SmtpStatusCode)535 or (SmtpStatusCode)538 } => new($"the mail server wants another user or password, or STARTTLS ({(int)e.StatusCode})"),
        { StatusCode: SmtpStatusCode.GeneralFailure } => new("the mail server broke off, or offers no STARTTLS"),
        _ => new($"the mail server answered {(int)e.StatusCode}"),
    };

    private static bool Inner<T>(Exception e)
        where T : Exception => e is T || (e.InnerException is { } inner && Inner<T>(inner));
}
