using System.Net.Http.Headers;

namespace Ledger.Notifications.Webhooks;

/// <summary>How long a receiver asks to be left alone (RFC 9110, section 10.2.3).</summary>
internal static class RetryAfter
{
    /// <summary>More is not granted: the message would wait longer than the schedule's longest delay.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <returns>More than nothing, and at most a day; null where nothing is asked, or nothing that can be read.</returns>
    public static TimeSpan? Of(HttpResponseHeaders headers, DateTimeOffset now)
    {
        var wait = headers.RetryAfter is { } asked ? asked.Delta ?? asked.Date - now : Beyond(headers);
        return wait <= TimeSpan.Zero ? null : wait > s_longest ? s_longest : wait;
    }

    /// <summary>More seconds than .NET reads: RFC 9110 sets no bound.</summary>
    private static TimeSpan? Beyond(HttpResponseHeaders headers) =>
        headers.TryGetValues("Retry-After", out var values)
        && values.ToArray() is [{ Length: > 9 } seconds] && seconds.All(char.IsAsciiDigit)
            ? TimeSpan.MaxValue
            : null;
}
