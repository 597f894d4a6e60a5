using Microsoft.Net.Http.Headers;

namespace Ledger.Web;

/// <summary>Conditional requests.</summary>
internal static class Conditional
{
    /// <summary>True if the client already has the content. The comparison is weak (RFC 9110 §13.1.2), and <c>*</c> stands for any
    /// version.</summary>
    public static bool Knows(HttpRequest request, EntityTagHeaderValue current) =>
        request.Headers.IfNoneMatch.Count > 0
        && EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var known)
        && known.Any(etag => etag.Equals(EntityTagHeaderValue.Any) || etag.Compare(current, useStrongComparison: false));
}
