using Microsoft.Net.Http.Headers;

namespace Ledger.Web;

/// <summary>Conditional requests.</summary>
internal static class Conditional
{
    /// <summary>Whether the client has what it would be sent. RFC 9110 §13.1.2: weak comparison; <c>*</c> stands for any version.</summary>
    public static bool Knows(HttpRequest request, EntityTagHeaderValue current) =>
        request.Headers.IfNoneMatch.Count > 0
        && EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var known)
        && known.Any(etag => etag.Equals(EntityTagHeaderValue.Any) || etag.Compare(current, useStrongComparison: false));
}
