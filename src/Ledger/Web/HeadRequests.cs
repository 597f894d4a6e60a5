using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Web;

/// <summary>
/// Answers HEAD wherever GET is answered (contract §5): as GET, with its headers and without its body. The steps behind this one see a GET.
/// </summary>
/// <remarks>
/// A step that does more than to answer asks <see cref="IsHead"/>. Nothing is handed out, so nothing is recorded as handed out. A body that
/// is made while it is sent is not made, and its length is not told (RFC 9110 §9.3.2 allows that).
/// </remarks>
internal static class HeadRequests
{
    private static readonly Marker s_head = new();

    /// <summary>True if the client wants no body.</summary>
    public static bool IsHead(HttpContext context) => context.Features.Get<Marker>() is not null;

    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await next(context);
            return;
        }
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Features.Set(s_head);
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null, body));
        context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context);
        }
        finally
        {
            context.Request.Method = HttpMethods.Head;
            context.Features.Set(body);
        }
    }

    /// <summary>An answer whose body is made while it is sent. For HEAD the body is not made.</summary>
    public static IResult Streamed(HttpContext context, Func<Stream, Task> write, string contentType, string? fileName = null) =>
        TypedResults.Stream(IsHead(context) ? _ => Task.CompletedTask : write, contentType, fileName);

    /// <summary>The value of <c>Allow</c> for a path that has these methods. HEAD comes with GET.</summary>
    public static string Allow(IEnumerable<string> methods)
    {
        var known = methods.ToHashSet(StringComparer.Ordinal);
        if (known.Contains(HttpMethods.Get))
            known.Add(HttpMethods.Head);
        return string.Join(", ", known.Order(StringComparer.Ordinal));
    }

    private sealed class Marker;
}
