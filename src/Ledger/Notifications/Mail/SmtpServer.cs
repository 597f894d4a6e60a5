using System.Globalization;
using Ledger.Registry;
using MailKit.Security;

namespace Ledger.Notifications.Mail;

/// <summary>
/// A mail server, written <c>smtp://user:password@host:587?starttls=required</c> or <c>smtps://user:password@host:465</c>. The default port
/// is 587 (RFC 6409), and 465 for smtps (RFC 8314). User and password are percent-encoded.
/// </summary>
/// <param name="Encryption">
/// <see cref="SecureSocketOptions.StartTls"/>: no mail and no password is sent before the connection is encrypted. If the server does not
/// offer this, nothing is sent. <see cref="SecureSocketOptions.SslOnConnect"/>: encrypted from the first byte.
/// <see cref="SecureSocketOptions.None"/>: not encrypted. No other value is used.
/// </param>
public sealed record SmtpServer(string Host, int Port, SecureSocketOptions Encryption, string? User = null, string? Password = null)
{
    private const int SubmissionPort = 587;
    private const int EncryptedPort = 465;

    /// <exception cref="FormatException">The text is wrong. The message says how, and never quotes a part that holds a
    /// password.</exception>
    public static SmtpServer Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("smtp" or "smtps")
            || url.Host.Length == 0 || url.AbsolutePath is not ("" or "/") || url.Fragment.Length > 0)
        {
            throw new FormatException("it must be like smtp://user:password@mail.example.com:587, with user and password percent-encoded");
        }
        var (user, password) = Credentials(url.UserInfo);
        var isLocal = WebhookUrl.IsLoopback(url.DnsSafeHost);
        var encryption = url.Scheme == "smtps" ? FromTheFirstByte(url.Query) : StartTls(url.Query, isLocal);
        if (encryption == SecureSocketOptions.None && !isLocal && user is not null)
            throw new FormatException(
                "starttls=never would send the password for everybody to read: leave it out, or the user and password");
        var port = encryption == SecureSocketOptions.SslOnConnect ? EncryptedPort : SubmissionPort;
        return new SmtpServer(url.DnsSafeHost, url.IsDefaultPort || url.Port <= 0 ? port : url.Port, encryption, user, password);
    }

    /// <summary>The host and port, without the password.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static (string? User, string? Password) Credentials(string userInfo) =>
        userInfo.Split(':') switch
        {
            [""] => (null, null),
            [{ Length: > 0 } user, { Length: > 0 } password] => (Uri.UnescapeDataString(user), Uri.UnescapeDataString(password)),
            _ => throw new FormatException(
                "it must name both a user and a password, or neither; a colon or @ within them is written %3A or %40"),
        };

    private static SecureSocketOptions StartTls(string query, bool isLocal) =>
        query switch
        {
            "" => isLocal ? SecureSocketOptions.None : SecureSocketOptions.StartTls,
            "?starttls=required" => SecureSocketOptions.StartTls,
            "?starttls=never" => SecureSocketOptions.None,
            _ => throw new FormatException(
                "after the ? it can only say starttls=required (the default, except for this machine) or starttls=never"),
        };

    private static SecureSocketOptions FromTheFirstByte(string query) => query.Length == 0
        ? SecureSocketOptions.SslOnConnect
        : throw new FormatException("smtps is encrypted from its first byte: nothing can follow a ?");
}
