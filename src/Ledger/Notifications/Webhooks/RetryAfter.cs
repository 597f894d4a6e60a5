using System.Net.Http.Headers;

namespace Ledger.Notifications.Webhooks;

/// <summary>The time for which a receiver asks to be left alone (RFC 9110, section 10.2.3).</summary>
internal static class RetryAfter
{
    /// <summary>The longest time that is granted. With more, a message would wait longer than the schedule's longest delay.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <returns>A time above zero, and at most a day. Null if the receiver asks for none, or for one that cannot be read.</returns>
    public static TimeSpan? Of(HttpResponseHeaders headers, DateTimeOffset now)
    {
        var wait = headers.RetryAfter is { } asked ? asked.Delta ?? asked.Date - now : Beyond(headers);
        return wait <= TimeSpan.Zero ? null : wait > s_longest ? s_longest : wait;
    }

    /// <summary>A longest time for more seconds than .NET can read, because RFC 9110 sets no bound.</summary>
    private static TimeSpan? Beyond(HttpResponseHeaders headers) =>
        headers.TryGetValues("Retry-After", out var values)
        && values.ToArray() is [{ Length: > 9 } seconds] && seconds.All(char.IsAsciiDigit)
            ? TimeSpan.MaxValue
            : null;
}
