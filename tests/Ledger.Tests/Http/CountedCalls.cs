using Ledger.Web;

namespace Ledger.Tests.Http;

internal static class CountedCalls
{
    /// <summary>Counts a call. Null: it is admitted; else the seconds that it must wait.</summary>
    public static int? SecondsToWait(this RateLimits limits, LimitedCall call, string subject) =>
        limits.Admit(call, subject) is { IsAdmitted: false } refused ? refused.SecondsToEnd : null;
}
