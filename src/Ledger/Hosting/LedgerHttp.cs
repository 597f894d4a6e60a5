using Ledger.Api;
using Ledger.Api.Cases;
using Ledger.Api.LegalHolds;
using Ledger.Api.Reference;
using Ledger.Certificates;
using Ledger.Contracts;
using Ledger.Log.ChangeLogs;
using Ledger.Pages;
using Ledger.Web;
using Ledger.Web.Tokens;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Ledger.Hosting;

/// <summary>
/// The HTTP side. A request passes <see cref="RequestIds"/> → <see cref="HeadRequests"/> → <see cref="Errors"/> →
/// <see cref="RequestTarget"/> → routing (404, 405) → <see cref="TokenAuthentication"/> (401) → <see cref="ScopeCheck"/> (403) → its
/// endpoint, which starts with <see cref="LimitedCalls"/> (429).
/// </summary>
public static class LedgerHttp
{
    /// <summary>
    /// Adds what the endpoints need. From elsewhere come <see cref="Registry.RegistryCache"/>, <see cref="Jobs.JobSubmission"/>,
    /// <see cref="Jobs.JobReader"/>, <see cref="ChangeLog"/>, <see cref="Npgsql.NpgsqlDataSource"/>, <see cref="TimeProvider"/> and any
    /// <see cref="ReadinessCheck"/>s.
    /// </summary>
    public static void AddLedgerHttp(this IServiceCollection services, HttpOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<UsedTokens>();
        services.AddSingleton<TokenVerifier>();
        services.AddSingleton<ConsoleSessions>();
        services.AddSingleton<SessionVerifier>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<Standing>();
        services.AddSingleton<ProgressStreams>();
        services.AddSingleton<ProgressWatch>();
        services.AddHostedService<RateLimitFlush>();
        services.AddHostedService<Expiry>();
        // AddAuthentication alone would add data protection too, which leaves keys in the user's home; nothing here uses it.
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = TokenAuthentication.SchemeName);
        services.AddWebEncoders();
        new AuthenticationBuilder(services)
            .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.SchemeName, configureOptions: null);
        services.AddAuthorization();
        services.AddSingleton<IAuthorizationHandler, ScopeCheck>();
        services.Configure<KestrelServerOptions>(Limit);
        services.Configure<RouteOptions>(routes => routes.SetParameterPolicy<JobSegment>(JobSegment.Name));
        services.AddApiReference();
        services.AddLedgerPages();
        services.AddSingleton<JobRecordReader>();
        services.AddSingleton(provider => new PdfPrinter(
            options.Chromium, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PdfPrinter>>()));
        // The framework logs every request's URL, and every challenge, at Information. Who was refused and why is logged by TokenVerifier.
        services.AddLogging(logging => logging
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter(typeof(TokenAuthentication).FullName, LogLevel.Warning));
    }

    /// <summary>Maps the endpoints. Call it before anything else is added to the pipeline.</summary>
    public static void UseLedgerHttp(this WebApplication app)
    {
        app.UseMiddleware<RequestIds>();
        app.Use(HeadRequests.InvokeAsync);
        app.UseMiddleware<Errors>();
        app.Use(RequestTarget.InvokeAsync);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();

        var deletions = app.MapGroup(BotPath.Deletions);
        SubmitEndpoint.Map(deletions);
        PreviewEndpoint.Map(deletions);
        JobListEndpoint.Map(deletions);
        StatusEndpoint.Map(deletions);
        CancelEndpoint.Map(deletions);
        DeadlineEndpoint.Map(deletions);
        OutcomesEndpoint.Map(deletions);
        EventsEndpoint.Map(deletions);
        ProgressEndpoint.Map(deletions);
        ProofEndpoints.Map(deletions);
        CertificateEndpoint.Map(deletions);
        LegalHoldEndpoints.Map(app.MapGroup(BotPath.LegalHolds));
        ChangeLogEndpoint.Map(app);
        LogEndpoints.Map(app);
        Health.Map(app);
        app.MapApiReference();
        app.MapDocsPage();
        app.MapLedgerPages();
    }

    private static void Limit(KestrelServerOptions kestrel)
    {
        // Above the contract's limit, which RequestBody keeps: what is over that by little is still read to its end, so that the client
        // receives its 413. Beyond this the connection is closed.
        kestrel.Limits.MaxRequestBodySize = 16 * Limits.BodyBytes;
    }
}
