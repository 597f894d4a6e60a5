using System.Net;
using System.Net.Sockets;
using System.Text;
using Ledger.Machine;
using Ledger.Notifications.Webhooks;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Ledger.Notifications.Mail;

/// <summary>
/// Hands one mail to a server, by MailKit. It reports only codes of the server's replies, because the server's words may quote addresses.
/// MailKit's protocol log stays off for the same reason.
/// </summary>
internal static class MailSubmission
{
    /// <summary>Maximum number of bytes of all replies. They include a certificate's chain.</summary>
    private const int MostReplies = 256 * 1024;

    /// <summary>The ways to log in, the preferred first. Only one is tried, once, because each further attempt counts towards a
    /// lock-out.</summary>
    private static readonly string[] s_mechanisms = ["PLAIN", "LOGIN"];

    /// <param name="server">The mail server.</param>
    /// <param name="mail">The message. Its first sender and recipient go on the envelope.</param>
    /// <param name="cancel">Ends the attempt. The server may still have taken the mail.</param>
    /// <exception cref="OperationCanceledException">The attempt was cancelled.</exception>
    public static async Task<SendResult> SubmitAsync(SmtpServer server, MimeMessage mail, CancellationToken cancel)
    {
        using var client = Client();
        var isConnected = false;
        try
        {
            await ConnectAsync(client, server, cancel);
            isConnected = true;
            if (!await LogInAsync(client, server, cancel))
                return new SendResult.Failed("the mail server offers no way to log in with a password (AUTH PLAIN or LOGIN)");
            await client.SendAsync(mail, mail.From.Mailboxes.First(), mail.To.Mailboxes, cancel);
        }
        catch (Exception e) when (Problem(e, isConnected) is { } problem)
        {
            // What was broken off may look like anything; but a refusal that came before is one.
            if (e is not SmtpCommandException)
                cancel.ThrowIfCancellationRequested();
            return problem;
        }
        await client.DisconnectAsync(quit: true, cancel); // without a word of what fails in it: the mail is the server's already
        return new SendResult.Sent();
    }

    private static SmtpClient Client() => new()
    {
        // docs/adr/0038: a list of revoked certificates would be fetched from wherever the certificate says.
        CheckCertificateRevocation = false,
        ServerCertificateValidationCallback = TlsFailure.Check,
    };

    private static async Task ConnectAsync(SmtpClient client, SmtpServer server, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, cancel);
            // RFC 5321, section 4.1.3: this machine needs no name. Without an IPv6 address's zone.
            client.LocalDomain = new IPAddress(((IPEndPoint)socket.LocalEndPoint!).Address.GetAddressBytes()).ToString();
            await client.ConnectAsync(new BoundedReplies(socket, MostReplies), server.Host, server.Port, server.Encryption, cancel);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        client.Capabilities &= ~SmtpCapabilities.UTF8; // a domain goes by its ASCII name, everywhere
    }

    /// <returns>True if it logged in, or no login is needed. False if the server offers no way to.</returns>
    private static async Task<bool> LogInAsync(SmtpClient client, SmtpServer server, CancellationToken cancel)
    {
        if (server.User is null)
            return true;
        var mechanism = s_mechanisms.FirstOrDefault(name =>
            client.AuthenticationMechanisms.Contains(name, StringComparer.OrdinalIgnoreCase));
        if (mechanism is null)
            return false;
        client.AuthenticationMechanisms.Clear();
        client.AuthenticationMechanisms.Add(mechanism);
        await client.AuthenticateAsync(Encoding.UTF8, new NetworkCredential(server.User, server.Password), cancel);
        return true;
    }

    /// <summary>The failure to report for an exception. Null if the exception is a bug.</summary>
    private static SendResult.Failed? Problem(Exception e, bool isConnected) => e switch
    {
        SmtpCommandException refusal => MailRefusal.Of(refusal, isConnected),
        ServiceNotAuthenticatedException => MailRefusal.NotAuthenticated(530),
        AuthenticationException { InnerException: SmtpCommandException refusal } =>
            new SendResult.Failed($"the mail server refused the user or password ({MailRefusal.Codes(refusal)})"),
        AuthenticationException => new SendResult.Failed("the mail server refused the user or password"),
        SslHandshakeException => new SendResult.Failed(TlsFailure.Describe("the mail server", e)),
        NotSupportedException => new SendResult.Failed("the mail server offers no STARTTLS, which is required"),
        SocketException => new SendResult.Failed("the mail server cannot be reached"),
        IOException or ProtocolException or OperationCanceledException =>
            new SendResult.Failed("the mail server broke off, or does not speak SMTP"),
        _ => null,
    };
}
