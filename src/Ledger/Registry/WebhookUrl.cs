using System.Net;

namespace Ledger.Registry;

/// <summary>
/// The addresses that a webhook may have. Only an administrator sets them, never an API client. So private addresses are allowed, because a
/// receiver is often in the same network. A wrong address can do little harm: no redirect is followed, and of the answer only the status is
/// kept, which nobody is shown.
/// </summary>
public static class WebhookUrl
{
    private const int Longest = 2048;

    /// <summary>The reason that the text cannot be a webhook's address. Null if it can.</summary>
    public static string? Problem(string text)
    {
        if (text.Length > Longest
            || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Scheme is not ("https" or "http")
            || url.Host.Length == 0
            || url.Fragment.Length > 0)
            return $"the webhook's address cannot be used: it must be like https://example.com/hook, of at most {Longest} characters";
        if (url.UserInfo.Length > 0)
            return "the webhook's address must not hold a user name or password: it is recorded for good, and the message is signed anyway";
        return url.Scheme == "https" || IsLoopback(url.DnsSafeHost)
            ? null
            : "the webhook's address must begin with https:// (http:// is only for this machine: 127.0.0.1, localhost)";
    }

    /// <summary>True if data sent to this host stays on this machine.</summary>
    internal static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
