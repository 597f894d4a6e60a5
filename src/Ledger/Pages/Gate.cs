using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Pages;

/// <summary>
/// Stands in front of every page except the public ones. A person without a session is sent to sign in, and then comes back. It leaves the
/// <see cref="Caller"/> in the request's features.
/// </summary>
internal sealed class Gate(SessionVerifier sessions, HttpOptions options, Html html) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var isChange = HttpMethods.IsPost(http.Request.Method);
        if (isChange && !SameOrigin.MayChange(http.Request, options.PublicUrl))
            return await ErrorPages.ForeignFormAsync(html, http);
        if (await sessions.VerifyAsync(http) is { } caller)
        {
            http.Features.Set(caller);
            return await next(context);
        }
        if (isChange)
            return TypedResults.Redirect("/login");
        var here = $"{http.Request.Path}{http.Request.QueryString}";
        // The cookie does not come along from another site, such as a mail in a browser: a page of ours that leads here brings it, if
        // there is one.
        return SameOrigin.MayRead(http.Request)
            ? TypedResults.Redirect($"/login?next={Uri.EscapeDataString(here)}")
            : await html.PageAsync<Arrival>(http, new Dictionary<string, object?> { [nameof(Arrival.Address)] = here });
    }
}
