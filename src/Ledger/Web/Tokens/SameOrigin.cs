namespace Ledger.Web.Tokens;

/// <summary>
/// Tells if a browser sends a request from a page of our own. Other programs may send neither header, and need no protection from other
/// pages.
/// </summary>
internal static class SameOrigin
{
    /// <summary>
    /// True if a request that changes something comes from a page of our own. A browser says so in <c>Sec-Fetch-Site</c> (on https and
    /// localhost) or in <c>Origin</c> (always, with POST).
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="publicUrl">Our address behind a proxy, which may know us by another name.</param>
    public static bool MayChange(HttpRequest request, Uri? publicUrl)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
            return site == "same-origin";
        // The scheme is not compared: behind a proxy that speaks https, ours is http.
        return Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var origin)
            && (origin.Authority == request.Host.Value || origin.Authority == publicUrl?.Authority);
    }

    /// <summary>True if a request that reads by the session's cookie comes from a page of our own, or was typed by its user.</summary>
    public static bool MayRead(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none";
}
