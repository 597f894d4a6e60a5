using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Web;

/// <summary>
/// The path that a request names, the same in each form of its target (RFC 9112 §3.2). Kestrel leaves <c>%2F</c> encoded and decodes
/// <c>%25</c>, so that an id with <c>%2F</c> in it and one with <c>/</c> look alike. In an absolute-form target it decodes both. Here both
/// stay encoded, and all else is decoded, before routing. <see cref="BotPath.Segment"/> decodes the rest.
/// </summary>
internal static class RequestTarget
{
    /// <summary>Sets the path of a request before it is routed.</summary>
    /// <exception cref="BadHttpRequestException">The path has a NUL in it, which Kestrel refuses in only one of the forms.</exception>
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        // Without a percent sign nothing is encoded, and Kestrel's path is right. In an absolute form it takes \ for / and drops what is
        // behind #.
        if ((target.Contains('%') || !target.StartsWith('/')) && Path(target) is { } path)
        {
            if (path.Contains("%00", StringComparison.Ordinal))
                throw new BadHttpRequestException("the path has a NUL in it");
            context.Request.Path = Decode(path);
        }
        return next(context);
    }

    /// <summary>A path without its dot segments, decoded except for <c>%2F</c> and <c>%25</c>.</summary>
    internal static PathString Decode(string path) =>
        new(WithoutDotSegments(PathString.FromUriComponent(path.Replace("%25", "%2525", StringComparison.Ordinal)).Value!));

    /// <summary>The path as it was sent. Null if the target has none (<c>*</c>, or an authority alone).</summary>
    private static string? Path(string target)
    {
        var start = 0;
        if (!target.StartsWith('/'))
        {
            var authority = target.IndexOf("://", StringComparison.Ordinal);
            start = authority < 0 ? -1 : target.IndexOf('/', authority + 3);
        }
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return start < 0 || (query >= 0 && query < start) ? null : target[start..(query < 0 ? target.Length : query)];
    }

    /// <summary>Removes dot segments (RFC 3986 §5.2.4) from a decoded path, so <c>%2E</c> is a dot too.</summary>
    private static string WithoutDotSegments(string path)
    {
        var kept = new List<string>();
        var segments = path.Split('/');
        for (var i = 1; i < segments.Length; i++) // before the first slash there is nothing
        {
            if (segments[i] == ".." && kept.Count > 0)
                kept.RemoveAt(kept.Count - 1);
            if (segments[i] is not ("." or ".."))
                kept.Add(segments[i]);
            else if (i == segments.Length - 1)
                kept.Add("");
        }
        return $"/{string.Join('/', kept)}";
    }
}
