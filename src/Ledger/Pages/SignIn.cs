using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Pages;

/// <summary><c>/login</c> exchanges a client's token, once, for a session. <c>/logout</c> ends it.</summary>
internal static class SignIn
{
    private static readonly string[] s_fields = ["token", "next"];

    public static void Map(WebApplication app)
    {
        app.MapGet("/login", FormAsync).ExcludeFromDescription();
        app.MapPost("/login", EnterAsync).ExcludeFromDescription();
        app.MapPost("/logout", LeaveAsync).ExcludeFromDescription();
    }

    private static async Task<IResult> FormAsync(HttpContext context, Html html, SessionVerifier sessions, string? next) =>
        await sessions.VerifyAsync(context) is null ? await PageAsync(context, html, next, null) : TypedResults.Redirect(Local(next));

    private static async Task<IResult> EnterAsync(
        HttpContext context, Html html, TokenVerifier verifier, ConsoleSessions sessions, HttpOptions options)
    {
        if (!SameOrigin.MayChange(context.Request, options.PublicUrl))
            return await ErrorPages.ForeignFormAsync(html, context);
        var (form, malformed) = await FormBody.ReadAsync(context.Request, s_fields, context.RequestAborted);
        if (form is null)
            return await ErrorPages.FormAsync(html, context, malformed!);
        var (token, next) = (Token(form), form.GetValueOrDefault("next"));
        var (caller, refusal) = await verifier.VerifyAsync(token, context.RequestAborted);
        if (caller is null)
            return await PageAsync(context, html, next, refusal);
        if (!caller.Registry.AuditsLedger(caller.ClientId)
            && !caller.Registry.Bots.Values.Any(bot => bot.Grants.ContainsKey(caller.ClientId)))
            return await PageAsync(context, html, next, null, withoutGrant: caller.ClientId);
        await EndAsync(context, sessions);
        if (await sessions.StartAsync(caller.ClientId, caller.Credential.SecretId, context.RequestAborted) is not { } session)
            return await PageAsync(context, html, next, TokenRefusal.BadSignature);
        SetCookie(context, options, session);
        return new SeeOther(Local(next));
    }

    private static async Task<IResult> LeaveAsync(HttpContext context, Html html, ConsoleSessions sessions, HttpOptions options)
    {
        if (!SameOrigin.MayChange(context.Request, options.PublicUrl))
            return await ErrorPages.ForeignFormAsync(html, context);
        await EndAsync(context, sessions);
        context.Response.Cookies.Delete(ConsoleSessions.Cookie, new CookieOptions { Path = "/" });
        return new SeeOther("/login");
    }

    /// <summary>The page that <paramref name="next"/> names, if it is one of ours. Otherwise the overview.</summary>
    /// <remarks>
    /// <c>//host</c> is another host, and so is <c>/\host</c> to some browsers. A control character could hide either. A header holds only
    /// ASCII.
    /// </remarks>
    internal static string Local(string? next) =>
        next is ['/', ..] && next is not ['/', '/' or '\\', ..] && next.All(letter => letter is > ' ' and < '\x7f') && next.Length <= 2048
            ? next
            : "/";

    /// <summary>The token as it was pasted, without a line's end and without the word before it in a header.</summary>
    private static string Token(IReadOnlyDictionary<string, string> form)
    {
        var token = form.GetValueOrDefault("token", "").Trim();
        return token.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? token[7..].Trim() : token;
    }

    private static async Task EndAsync(HttpContext context, ConsoleSessions sessions)
    {
        if (SessionVerifier.IdOf(context.Request) is { } id)
            await sessions.EndAsync(id, context.RequestAborted);
    }

    private static void SetCookie(HttpContext context, HttpOptions options, string id) =>
        context.Response.Cookies.Append(
            ConsoleSessions.Cookie,
            id,
            new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                // Behind a proxy only the browser knows that it speaks https.
                Secure =
                    context.Request.IsHttps
                    || options.PublicUrl?.Scheme == Uri.UriSchemeHttps
                    || context.Request.Headers.Origin.ToString().StartsWith("https://", StringComparison.Ordinal),
                Path = "/",
            }
        );

    private static Task<IResult> PageAsync(HttpContext context, Html html, string? next, TokenRefusal? refusal, string? withoutGrant = null)
    {
        var status =
            refusal is not null ? StatusCodes.Status401Unauthorized
            : withoutGrant is not null ? StatusCodes.Status403Forbidden
            : StatusCodes.Status200OK;
        return html.PageAsync<Login>(
            context,
            new Dictionary<string, object?>
            {
                [nameof(Login.Next)] = Local(next),
                [nameof(Login.Refusal)] = refusal,
                [nameof(Login.WithoutGrant)] = withoutGrant,
            },
            status
        );
    }
}
