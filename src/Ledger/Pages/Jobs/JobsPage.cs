using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Jobs;
using Ledger.Jobs.Cases;
using Ledger.Projections;
using Ledger.Projections.Status;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Pages.Jobs;

/// <summary>A page of the jobs that the viewer may see.</summary>
/// <param name="Bots">The bots that can be chosen.</param>
/// <param name="Bot">The chosen bot. Null for all.</param>
/// <param name="Status">Only jobs with this status. Null for all.</param>
/// <param name="Jobs">With the deadline of the case and the days that are left, in words; null: there is none.</param>
/// <param name="NotFound">True if a job was searched for and was not found.</param>
public sealed record JobsContent(
    string Viewer, IReadOnlyList<string> Bots, string? Bot, string? Status, IReadOnlyList<(string Bot, JobStatus Status, string? Due)> Jobs,
    string? Next, bool IsFirst, bool NotFound);

/// <summary><c>/jobs</c>: newest first, by bot and status. <c>job=</c> leads to that job.</summary>
internal static class JobsPage
{
    /// <summary>The scopes that open the pages of jobs. One of them is enough.</summary>
    public static readonly Scope[] Scopes = [Scope.DeleteConversations, Scope.LedgerAudit];

    private const int Limit = 25;

    public static void Map(RouteGroupBuilder pages) => pages.MapGet("/jobs", ShowAsync);

    private static async Task<IResult> ShowAsync(HttpContext context, Html html, JobReader jobs, TimeProvider time)
    {
        var (caller, cancel) = (Caller.Of(context), context.RequestAborted);
        string[] bots = [.. caller.BotsWith(Scopes).Select(bot => bot.BotId)];
        if (bots.Length == 0)
            return await ErrorPages.MissingScopeAsync(html, context, bot: null, Scopes);
        var query = new QueryParameters(context.Request, "job", "bot", "status", "after");
        var status = query.OneOf("status", "queued", "completed", "failed", "cancelled");
        var bot = query.Text("bot");
        if (bot is not null && !bots.Contains(bot))
            query.Add("there is no such bot, or you have no grant of it that shows jobs");
        if (query.Problems.Count > 0)
            return await ErrorPages.MalformedAsync(html, context, query.Problems);
        if (query.Text("job") is { } searched && await FindAsync(jobs, caller, searched.Trim(), cancel) is { } found)
            return TypedResults.Redirect(found);
        JobPage page;
        try
        {
            page = await jobs.ListAsync(bot is null ? bots : [bot], status, Limit, query.Text("after"), cancel);
        }
        catch (FormatException)
        {
            return await ErrorPages.MalformedAsync(html, context, ["after must be what a link to the next page has"]);
        }
        var content = new JobsContent(
            caller.ClientId, bots, bot, status, [.. page.Jobs.Select(job => Shown(job, time.GetUtcNow()))], page.Next,
            query.Text("after") is null, query.Text("job") is not null);
        return await html.PageAsync<Jobs>(context, new Dictionary<string, object?> { [nameof(Jobs.Content)] = content });
    }

    /// <summary><c>due on 2026-06-02, 3 days left</c></summary>
    public static string? Due(DateOnly? dueOn, JobStatus status, DateTimeOffset now) =>
        dueOn is { } due ? $"due on {CaseText.Of(due)}, {Countdown.Text(due, status.CompletedAt, now)}" : null;

    private static (string Bot, JobStatus Status, string? Due) Shown(ListedJob job, DateTimeOffset now)
    {
        var status = Read(job.Json);
        return (job.Bot, status, Due(job.DueOn, status, now));
    }

    public static JobStatus Read(string document) => JsonSerializer.Deserialize(document, DocumentJson.Default.JobStatus)!;

    /// <summary>The page of the job, if the viewer may see it.</summary>
    private static async Task<string?> FindAsync(JobReader jobs, Caller caller, string text, CancellationToken cancel) =>
        JobId.TryParse(text, out var job) && await jobs.FindAsync(job, cancel) is { Bot: var name }
        && caller.Registry.Bots.TryGetValue(name, out var bot) && caller.IsGranted(bot, Scopes)
            ? PublicAddress.Job(null, name, job)
            : null;
}
