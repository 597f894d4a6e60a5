using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;
using Ledger.Windows;

namespace Ledger.Pages;

/// <summary>Bots that the viewer may audit, and the windows that these use.</summary>
/// <param name="Next">The bot after which the next page begins. Null if there is no next page.</param>
public sealed record BotsContent(string Viewer, IReadOnlyList<Bot> Bots, IReadOnlyList<WindowPlan> Windows, string? Next, bool IsFirst);

/// <summary><c>/bots</c></summary>
internal static class BotsPage
{
    private const int Limit = 25;

    /// <summary>Number of openings shown for each window.</summary>
    private const int Openings = 3;

    public static void Map(RouteGroupBuilder pages) => pages.MapGet("/bots", ShowAsync);

    private static async Task<IResult> ShowAsync(HttpContext context, Html html, WindowPlanner planner, TimeProvider time)
    {
        var caller = Caller.Of(context);
        var bots = caller.BotsWith(Scope.LedgerAudit);
        if (bots.Count == 0)
            return await ErrorPages.MissingScopeAsync(html, context, bot: null, Scope.LedgerAudit);
        var query = new QueryParameters(context.Request, "after");
        if (query.Problems.Count > 0)
            return await ErrorPages.MalformedAsync(html, context, query.Problems);
        var after = query.Text("after");
        var page = bots.Where(bot => after is null || string.CompareOrdinal(bot.BotId, after) > 0).Take(Limit + 1).ToList();
        var windows = page.Select(bot => bot.Window)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .Where(caller.Registry.Windows.ContainsKey)
            .Select(name => WindowPlan.Of(planner, caller.Registry.Windows[name], time.GetUtcNow(), Openings));
        var content = new BotsContent(
            caller.ClientId, [.. page.Take(Limit)], [.. windows], page.Count > Limit ? page[Limit - 1].BotId : null, after is null);
        return await html.PageAsync<Bots>(context, new Dictionary<string, object?> { [nameof(Bots.Content)] = content });
    }
}
