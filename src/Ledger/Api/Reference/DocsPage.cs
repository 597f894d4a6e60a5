using Swashbuckle.AspNetCore.SwaggerUI;

namespace Ledger.Api.Reference;

/// <summary><c>/docs</c>: Swagger UI on <see cref="ApiReference.Path"/>. Everything that it loads comes from this service.</summary>
internal static class DocsPage
{
    // Swagger UI draws its icons from data: addresses, and adds one style element, always the same: the hash is that of its text.
    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; script-src 'self'; img-src 'self' "
        + "data:; connect-src 'self'; font-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

    public static void MapDocsPage(this WebApplication app)
    {
        var page = ((IEndpointRouteBuilder)app).CreateApplicationBuilder();
        page.Use(Prepare);
        page.UseSwaggerUI(Configure);
        app.MapGet("/docs/{**file}", page.Build()).ExcludeFromDescription();
    }

    private static void Configure(SwaggerUIOptions ui)
    {
        ui.RoutePrefix = "docs";
        ui.DocumentTitle = "Deletion ledger: API reference";
        ui.SwaggerEndpoint(ApiReference.Path, "v1");
        ui.ConfigObject.ValidatorUrl = null; // else it asks a host of its makers'
        ui.DisplayOperationId();
        ui.DefaultModelsExpandDepth(0);
    }

    private static Task Prepare(HttpContext context, RequestDelegate next)
    {
        context.SetEndpoint(null); // static files answer only where no endpoint does
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return next(context);
    }
}
