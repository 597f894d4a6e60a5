using Ledger.Identifiers;
using Ledger.Transparency;

namespace Ledger.Pages;

/// <summary><c>/verify</c>: checks a proof in the browser. For anybody; it shows nothing of what the ledger holds but the log's public key.</summary>
internal static class VerifyPages
{
    public static void Map(WebApplication app) => app.MapGet("/verify", ShowAsync).ExcludeFromDescription();

    private static Task<IResult> ShowAsync(HttpContext context, Html html, KeyFolder keys) =>
        html.PageAsync<VerifyPage>(context, new Dictionary<string, object?> { [nameof(VerifyPage.Key)] = PublicKey(keys) });

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
