using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Ledger.Web;

/// <summary>
/// Renders Razor components to HTML on the server, whole pages at a time. It uses no circuit, no script of the framework, and no data
/// protection keys, which all nodes would have to share.
/// </summary>
public sealed class Html(IServiceProvider services, ILoggerFactory loggers)
{
    /// <summary>The policy for what a page may load: its own assets, and nothing inline.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'";

    /// <summary>An answer that holds the page, never cached.</summary>
    /// <param name="context">The request.</param>
    /// <param name="parameters">The component's parameters by name.</param>
    /// <param name="status">The answer's status.</param>
    public async Task<IResult> PageAsync<T>(
        HttpContext context, IReadOnlyDictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
        where T : IComponent
    {
        var page = await RenderAsync<T>(parameters);
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin"; // with "no-referrer" a form's POST would not say its origin
        headers.CacheControl = "no-store";
        return TypedResults.Text(page, "text/html; charset=utf-8", Encoding.UTF8, status);
    }

    /// <summary>The component as a document: its output after a <c>doctype</c>.</summary>
    public async Task<string> RenderAsync<T>(IReadOnlyDictionary<string, object?> parameters)
        where T : IComponent
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var root = await renderer.RenderComponentAsync<T>(ParameterView.FromDictionary(new Dictionary<string, object?>(parameters)));
            return $"<!doctype html>\n{root.ToHtmlString()}";
        });
    }
}
