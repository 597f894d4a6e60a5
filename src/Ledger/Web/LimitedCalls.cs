using Ledger.Web.Tokens;

namespace Ledger.Web;

/// <summary>Counts a call and tells its client how many it may still make (contract §5).</summary>
/// <remarks>
/// The headers are those of draft-ietf-httpapi-ratelimit-headers-11. <c>RateLimit-Policy</c> has both windows. <c>RateLimit</c> has only
/// the window that is nearer to its limit, so that its <c>t</c> and <c>Retry-After</c> are the same.
/// </remarks>
internal static class LimitedCalls
{
    public const string PolicyHeader = "RateLimit-Policy";
    public const string LimitHeader = "RateLimit";

    /// <summary>Counts the call, and refuses one that is over the limit.</summary>
    /// <param name="limits">Counts.</param>
    /// <param name="context">The request, whose answer gets the headers.</param>
    /// <param name="call">The kind of call.</param>
    /// <param name="subject">The counted thing: the bot, or bot and job.</param>
    /// <returns>The refusal. Null if the call is admitted.</returns>
    public static ErrorAnswer? Refuse(this RateLimits limits, HttpContext context, LimitedCall call, string subject)
    {
        if (limits.Admit(call, subject, Caller.Of(context).Bot.Limits) is not { } count)
            return null;
        var kind = call == LimitedCall.Submit ? "submits" : "polls";
        var headers = context.Response.Headers;
        headers[PolicyHeader] = $"\"{kind}-per-minute\";q={count.Limit.PerMinute};w=60, \"{kind}-per-hour\";q={count.Limit.PerHour};w=3600";
        headers[LimitHeader] = $"\"{kind}-per-{(count.IsHour ? "hour" : "minute")}\";r={count.Remaining};t={count.SecondsToEnd}";
        return count.IsAdmitted ? null : Refusals.TooMany(count.SecondsToEnd);
    }
}
