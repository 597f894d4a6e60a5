using Ledger.Projections.Registry;
using Ledger.Web;

namespace Ledger.Tests.Http;

internal static class CountedCalls
{
    /// <summary>Counts a call. Null: it is admitted; else the seconds that it must wait.</summary>
    public static int? SecondsToWait(this RateLimits limits, LimitedCall call, string subject, BotLimits? own = null) =>
        limits.Admit(call, subject, own) is { IsAdmitted: false } refused ? refused.SecondsToEnd : null;
}
