using System.Net;

namespace Ledger.Registry;

/// <summary>
/// Which addresses a webhook may have. They are set by an administrator and never by an API client, so private addresses are allowed: a
/// receiver is often in the same network. What could be made of a wrong one is little: no redirect is followed, nothing of the answer but
/// its status is kept, and nobody is shown it.
/// </summary>
public static class WebhookUrl
{
    private const int Longest = 2048;

    /// <summary>Why it cannot be a webhook's address; null: it can.</summary>
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

    /// <summary>Whether what is sent there stays on this machine.</summary>
    internal static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
