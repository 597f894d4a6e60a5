namespace Ledger.Web.Tokens;

/// <summary>
/// Whether a browser sends a request from a page of our own. What is not a browser says neither, and needs no protection from other pages.
/// </summary>
internal static class SameOrigin
{
    /// <summary>
    /// A request that changes something: a browser says where it comes from, in <c>Sec-Fetch-Site</c> (on https and localhost) or in
    /// <c>Origin</c> (always, with POST).
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="publicUrl">Our address where a proxy is in front, whose name for us need not be ours.</param>
    public static bool MayChange(HttpRequest request, Uri? publicUrl)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
            return site == "same-origin";
        // The scheme is not compared: behind a proxy that speaks https, ours is http.
        return Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var origin)
            && (origin.Authority == request.Host.Value || origin.Authority == publicUrl?.Authority);
    }

    /// <summary>A request that reads by the session's cookie: from a page of our own, or typed by its user.</summary>
    public static bool MayRead(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none";
}
