using Ledger.Database;
using Ledger.Keys;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Pages.Log;

/// <summary>
/// <c>/verify</c>: checks a proof in the browser. Anybody may see it. Of the ledger's content it shows only the log's public key.
/// </summary>
internal static class VerifyPages
{
    public static void Map(WebApplication app) => app.MapGet("/verify", ShowAsync).ExcludeFromDescription();

    private static async Task<IResult> ShowAsync(HttpContext context, Html html, KeyFolder keys, SessionVerifier sessions)
    {
        var page = await html.PageAsync<VerifyPage>(
            context,
            new Dictionary<string, object?>
            {
                [nameof(VerifyPage.Key)] = PublicKey(keys),
                [nameof(VerifyPage.Viewer)] = await ViewerAsync(context, sessions),
            }
        );
        // The browser itself keeps the page's promise that its scripts send the file nowhere.
        context.Response.Headers.ContentSecurityPolicy = Html.ContentSecurityPolicy.Replace(
            "connect-src 'self'", "connect-src 'none'", StringComparison.Ordinal);
        return page;
    }

    /// <summary>The client that is signed in, only for the navigation. The page works without the database too.</summary>
    private static async Task<string?> ViewerAsync(HttpContext context, SessionVerifier sessions)
    {
        try
        {
            return (await sessions.VerifyAsync(context))?.ClientId;
        }
        catch (Exception e) when (Failure.IsUnreachable(e))
        {
            return null;
        }
    }

    private static string? PublicKey(KeyFolder keys)
    {
        try
        {
            return LogKeyFile.TryReadKey(keys.Folder)?.Verifier.ToString();
        }
        catch (LogException)
        {
            return null; // health says why, to whom it concerns
        }
    }
}
