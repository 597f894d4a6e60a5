using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Pages.Log;

/// <summary>The content of the log's page.</summary>
/// <param name="Key">The log's public key, as a vkey. Null if this node's key is not the log's present one.</param>
/// <param name="Next">The next page has only checkpoints smaller than this. Null if there is no next page.</param>
public sealed record LogContent(
    string Viewer, LogStanding Log, string? Key, Policy? Policy, IReadOnlyList<ListedCheckpoint> Checkpoints, long? Next, bool IsFirst);

/// <summary><c>/log</c>. Anybody who is signed in may see it, because it holds hashes only.</summary>
internal static class LogPage
{
    private const int Limit = 15;

    public static void Map(RouteGroupBuilder pages) => pages.MapGet("/log", ShowAsync);

    private static async Task<IResult> ShowAsync(HttpContext context, Html html, LogOverview log, KeyFolder keys)
    {
        var cancel = context.RequestAborted;
        var query = new QueryParameters(context.Request, "below");
        var below = query.Number("below", 1, long.MaxValue, absent: 0);
        if (query.Problems.Count > 0)
            return await ErrorPages.MalformedAsync(html, context, query.Problems);
        var standing = await log.StateAsync(cancel);
        var checkpoints = standing.Origin is { } origin
            ? await log.CheckpointsAsync(origin, below == 0 ? null : below, Limit + 1, cancel)
            : [];
        var content = new LogContent(
            Caller.Of(context).ClientId, standing, KeyOf(keys, standing.Origin), log.Policy, [.. checkpoints.Take(Limit)],
            checkpoints.Count > Limit ? checkpoints[Limit - 1].Size : null, below == 0);
        return await html.PageAsync<LogView>(context, new Dictionary<string, object?> { [nameof(LogView.Content)] = content });
    }

    private static string? KeyOf(KeyFolder keys, string? origin)
    {
        try
        {
            return LogKeyFile.TryReadKey(keys.Folder)?.Verifier is { } key && key.Name == origin ? key.ToString() : null;
        }
        catch (LogException)
        {
            return null; // health says why, to whom it concerns
        }
    }
}
