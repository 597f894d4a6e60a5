using System.Globalization;

namespace Ledger.Notifications;

/// <summary>
/// A mail server, written <c>smtp://user:password@host:587?starttls=required</c>. The port is 587 unless named (RFC 6409); user and password are percent-encoded.
/// </summary>
/// <param name="UsesStartTls">No mail and no password is sent before the connection is encrypted, and none at all where the server does not offer it.</param>
public sealed record SmtpServer(string Host, int Port, bool UsesStartTls, string? User = null, string? Password = null)
{
    private const int SubmissionPort = 587;

    /// <exception cref="FormatException">Says what is wrong; never quotes what holds a password.</exception>
    public static SmtpServer Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("smtp" or "smtps")
            || url.Host.Length == 0 || url.AbsolutePath is not ("" or "/") || url.Fragment.Length > 0)
        {
            throw new FormatException("it must be like smtp://user:password@mail.example.com:587, with user and password percent-encoded");
        }
        if (url.Scheme == "smtps")
            throw new FormatException("smtps (TLS from the first byte) is not supported: write smtp:// and the server's submission port, usually 587, which STARTTLS encrypts");
        var (user, password) = Credentials(url.UserInfo);
        var isLocal = WebhookUrl.IsLoopback(url.DnsSafeHost);
        var startTls = StartTls(url.Query) ?? !isLocal;
        if (!startTls && !isLocal && user is not null)
            throw new FormatException("starttls=never would send the password for everybody to read: leave it out, or the user and password");
        return new SmtpServer(url.DnsSafeHost, url.IsDefaultPort || url.Port <= 0 ? SubmissionPort : url.Port, startTls, user, password);
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static (string? User, string? Password) Credentials(string userInfo) => userInfo.Split(':') switch
    {
        [""] => (null, null),
        [{ Length: > 0 } user, { Length: > 0 } password] => (Uri.UnescapeDataString(user), Uri.UnescapeDataString(password)),
        _ => throw new FormatException("it must name both a user and a password, or neither; a colon or @ within them is written %3A or %40"),
    };

    private static bool? StartTls(string query) => query switch
    {
        "" => null,
        "?starttls=required" => true,
        "?starttls=never" => false,
        _ => throw new FormatException("after the ? it can only say starttls=required (the default, except for this machine) or starttls=never"),
    };
}
