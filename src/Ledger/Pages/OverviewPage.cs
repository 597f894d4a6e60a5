using Ledger.Contracts.Registry;
using Ledger.Notifications;
using Ledger.Pages.Jobs;
using Ledger.Pages.Log;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;
using Ledger.Web;
using Ledger.Web.Tokens;
using Ledger.Windows;

namespace Ledger.Pages;

/// <summary>The content of the overview. A member is null, or empty, if the viewer may not see it.</summary>
/// <param name="Paused">The bots that the viewer may see and whose deletions are paused, at most 25.</param>
/// <param name="IsAllPaused">True if the deletions of all bots are paused.</param>
/// <param name="Undelivered">Number of mails and webhook messages that are not sent, at most 100.</param>
public sealed record OverviewContent(
    string Viewer, IReadOnlyDictionary<ReportedStatus, long>? Jobs, IReadOnlyList<Night>? Nights, IReadOnlyList<WindowPlan> Windows,
    LogStanding Log, int Undelivered, IReadOnlyList<string> Paused, bool IsAllPaused);

/// <summary>A window and its next openings. If it is open, the first of them is the present one.</summary>
/// <param name="NeverAgain">The reason that it never opens again. Null if it does, or is open.</param>
public sealed record WindowPlan(DeletionWindow Window, bool IsOpen, IReadOnlyList<Opening> Openings, DateTimeOffset Now, string? NeverAgain)
{
    public static WindowPlan Of(WindowPlanner planner, DeletionWindow window, DateTimeOffset now, int count)
    {
        var open = planner.OpenAt(window, now);
        IReadOnlyList<Opening> openings = open is { } present
            ? [present, .. planner.NextAfter(window, now, count - 1)]
            : planner.NextAfter(window, now, count);
        return new WindowPlan(window, open is not null, openings, now, planner.WhyNeverAgain(window, now));
    }
}

/// <summary><c>/</c></summary>
internal static class OverviewPage
{
    private const int Undelivered = 100;

    /// <summary>Maximum number of paused bots shown.</summary>
    private const int Bots = 25;

    /// <summary>Maximum number of windows shown.</summary>
    private const int Windows = 5;

    public static void Map(RouteGroupBuilder pages) => pages.MapGet("/", ShowAsync);

    private static async Task<IResult> ShowAsync(
        HttpContext context, Html html, JobCounts counts, ErasedByNight nights, LogOverview log, WindowPlanner planner,
        DeliveryReader deliveries, TimeProvider time)
    {
        var (caller, cancel) = (Caller.Of(context), context.RequestAborted);
        string[] ofJobs = [.. caller.BotsWith(JobsPage.Scopes).Select(bot => bot.BotId)];
        var audited = caller.BotsWith(Scope.LedgerAudit);
        var content = new OverviewContent(
            caller.ClientId,
            ofJobs.Length == 0 ? null : await counts.ByStatusAsync(ofJobs, cancel),
            ofJobs.Length == 0 ? null : await nights.LatestAsync(ofJobs, cancel),
            [.. WindowsOf(audited, caller, planner, time.GetUtcNow()).Take(Windows)],
            await log.StateAsync(cancel),
            audited.Count == 0
                ? 0
                : (await deliveries.ListAsync(
                    [.. audited.Select(bot => bot.BotId)], undeliveredOnly: true, Undelivered, after: null, cancel)).Entries.Count,
            [.. caller.BotsWith(JobsPage.Scopes).Where(bot => bot.Pause is not null).Select(bot => bot.BotId).Take(Bots)],
            caller.Registry.Whole.Pause is not null);
        return await html.PageAsync<Overview>(context, new Dictionary<string, object?> { [nameof(Overview.Content)] = content });
    }

    /// <summary>The bots' windows: open ones first, then by their next opening.</summary>
    private static IEnumerable<WindowPlan> WindowsOf(IReadOnlyList<Bot> bots, Caller caller, WindowPlanner planner, DateTimeOffset now) =>
        bots.Select(bot => bot.Window).Distinct(StringComparer.Ordinal)
            .Where(caller.Registry.Windows.ContainsKey)
            .Select(name => WindowPlan.Of(planner, caller.Registry.Windows[name], now, count: 1))
            .OrderBy(plan => plan.Openings.Count == 0 ? DateTimeOffset.MaxValue : plan.Openings[0].Opens)
            .ThenBy(plan => plan.Window.Name, StringComparer.Ordinal);
}
