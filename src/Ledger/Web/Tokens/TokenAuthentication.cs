using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Ledger.Web.Tokens;

/// <summary>
/// Connects <see cref="TokenVerifier"/> and <see cref="SessionVerifier"/> to ASP.NET. It leaves the <see cref="Caller"/> in the request's
/// features, and writes the 401 and 403.
/// </summary>
internal sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, TokenVerifier verifier,
    SessionVerifier sessions) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "token";

    private const int InvalidCredentials = 4002;

    private TokenRefusal? _refusal;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // ASP.NET asks for every request; a path that is public, unknown or used with a wrong method costs nothing and consumes no jti.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<AuthorizationPolicy>() is null)
            return AuthenticateResult.NoResult();
        // The console's pages link to what the API gives: a browser has the session's cookie in place of a token.
        var hasToken = Request.Headers.ContainsKey("auth") || Request.Headers.ContainsKey("Authorization");
        var caller =
            hasToken || SessionVerifier.IdOf(Request) is null ? null : await sessions.VerifyAsync(Context, BotPath.BotIdOrAll(Context));
        if (caller is null)
            (caller, _refusal) = await verifier.VerifyAsync(Request.Headers, BotPath.BotIdOrAll(Context), Context.RequestAborted);
        if (caller is null)
            return AuthenticateResult.NoResult();
        Context.Features.Set(caller);
        var identity = new ClaimsIdentity([new Claim("appId", caller.ClientId)], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer"; // RFC 9110 §15.5.2 wants one; the header `auth` has no registered scheme
        return Unauthorized(_refusal).ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Forbidden.ExecuteAsync(Context);

    /// <summary>The 401. It has one message for every cause, except for the two rules on <c>jti</c>.</summary>
    public static ErrorAnswer Unauthorized(TokenRefusal? refusal) => refusal switch
    {
        TokenRefusal.JtiOutlivesMemory => new ErrorAnswer(401, "error verifying the jwt: if \"jti\" claim \"exp\" must be <= 1 hour(s)"),
        TokenRefusal.Replayed => new ErrorAnswer(401, "error verifying the jwt: possibly a replay"),
        _ => new ErrorAnswer(401, InvalidCredentials, ["Invalid SDK credentials"]),
    };

    public static ErrorAnswer Forbidden { get; } = new(403, InvalidCredentials, ["Permission denied. Scope is incorrect!"]);
}
