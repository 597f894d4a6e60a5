using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Pages.Jobs;

/// <summary>The content of a job's page. A member is null if the viewer may not see it, or if there is none.</summary>
/// <param name="Submitter">The client that asked for it.</param>
/// <param name="AttemptFailure">The reason that its latest attempt failed as a whole.</param>
/// <param name="Downloads">The files that the viewer may fetch now.</param>
/// <param name="IsLive">True if the viewer may follow its progress.</param>
/// <param name="Due">The deadline of the case behind it and the days that are left, in words.</param>
public sealed record JobContent(
    string Viewer, string Bot, JobId Job, JobStatus Status, string Submitter, Failures Failures, FailureReason? AttemptFailure,
    IReadOnlyList<TimelineEntry>? Timeline, IReadOnlyList<Download> Downloads, bool IsLive, string? Due);

/// <summary>A file about a job.</summary>
/// <param name="What">The file's content, in a sentence.</param>
public sealed record Download(string Name, string Address, string What, string Id);

/// <summary><c>/jobs/{bot}/{job}</c>, and <c>…/certificate</c>, the target of links in mail and QR codes.</summary>
internal static class JobDetailPage
{
    public static void Map(RouteGroupBuilder pages)
    {
        pages.MapGet("/jobs/{bot}/{job}", ShowAsync);
        pages.MapGet("/jobs/{bot}/{job}/certificate", CertificateAsync);
    }

    private static async Task<IResult> ShowAsync(
        HttpContext context, Html html, JobReader jobs, JobHistory history, HttpOptions options,
        TimeProvider time)
    {
        var (caller, cancel) = (Caller.Of(context), context.RequestAborted);
        if (Find(context, caller) is not { } found)
            return await ErrorPages.UnknownJobAsync(html, context);
        var (bot, job) = found;
        if (!caller.IsGranted(bot, JobsPage.Scopes))
            return await ErrorPages.MissingScopeAsync(html, context, bot.BotId, JobsPage.Scopes);
        if (await jobs.FindAsync(job, cancel) is not { Client: var submitter } listed || listed.Bot != bot.BotId)
            return await ErrorPages.UnknownJobAsync(html, context);
        var status = JobsPage.Read(listed.Json);
        var content = new JobContent(
            caller.ClientId, bot.BotId, job, status, submitter,
            await history.FailuresAsync(job, status, cancel),
            status.StartedAt is null ? await history.AttemptFailureAsync(job, cancel) : null,
            caller.IsGranted(bot, Scope.LedgerAudit) ? await history.TimelineAsync(job, cancel) : null,
            Downloads(caller, bot, job, status, submitter, canPrint: options.Chromium is not null),
            !status.Ended && caller.IsGranted(bot, Scope.DeleteConversations), JobsPage.Due(listed.DueOn, status, time.GetUtcNow()));
        return await html.PageAsync<JobView>(context, new Dictionary<string, object?> { [nameof(JobView.Content)] = content });
    }

    /// <summary>Redirects to the API's certificate, because the API decides who may have it.</summary>
    private static async Task<IResult> CertificateAsync(HttpContext context, Html html) =>
        Find(context, Caller.Of(context)) is var (bot, job)
            ? TypedResults.Redirect($"{PublicAddress.Status(bot.BotId, job)}/certificate")
            : await ErrorPages.UnknownJobAsync(html, context);

    /// <summary>The bot and the job of the path, if the viewer has any grant for the bot. Null otherwise.</summary>
    private static (Bot Bot, JobId Job)? Find(HttpContext context, Caller caller) =>
        JobId.TryParse((string?)context.Request.RouteValues["job"] ?? "", out var job)
        && caller.Registry.Bots.TryGetValue(BotPath.Segment(context, "bot"), out var bot) && caller.Registry.ActsFor(caller.ClientId, bot)
            ? (bot, job)
            : null;

    private static IReadOnlyList<Download> Downloads(Caller caller, Bot bot, JobId job, JobStatus status, string submitter, bool canPrint)
    {
        var api = PublicAddress.Status(bot.BotId, job);
        var isSubmitter = submitter == caller.ClientId && caller.IsGranted(bot, Scope.DeleteConversations);
        var downloads = new List<Download>();
        if (status.Ended && (isSubmitter || caller.IsGranted(bot, Scope.ErasureProofs)))
        {
            downloads.Add(
                new("Certificate of erasure", $"{api}/certificate?format=html", "One page to sign and keep. It prints well.", "certificate")
            );
            if (canPrint)
                downloads.Add(
                    new("Certificate as PDF", $"{api}/certificate?format=pdf", "The same page, printed by the server.", "certificate-pdf"));
            downloads.Add(new("Certificate as JSON", $"{api}/certificate?format=json", "The same, for programs.", "certificate-json"));
            downloads.Add(
                new(
                    "Erasure proof", $"{api}/proof",
                    "What a regulator checks without this ledger. Holds conversation ids while the job’s key lives; that you got them is "
                    + "recorded.",
                    "proof")
            );
            downloads.Add(
                new("Erasure proof without ids", $"{api}/proof?ids=false", "The same proof; it names no conversation.", "proof-without-ids")
            );
        }
        if (caller.IsGranted(bot, Scope.LedgerAudit))
            downloads.Add(
                new(
                    "Events", $"{api}/events",
                    "The job’s whole stream, as JSON. Holds conversation ids while the job’s key lives; that you got them is recorded.",
                    "events")
            );
        if (isSubmitter || caller.IsGranted(bot, Scope.LedgerAudit))
            downloads.Add(
                new(
                    "Outcomes", $"{api}/outcomes?limit=1000",
                    "What became of each conversation, as JSON, the first 1,000. Holds conversation ids while the job’s key lives.",
                    "outcomes")
            );
        if (caller.IsGranted(bot, Scope.LogsHistory))
        {
            var day = status.SubmittedAt.UtcDateTime.ToString("yyyy-MM-dd");
            downloads.Add(
                new(
                    "Change log of the bot", $"/api/public/bot/{Uri.EscapeDataString(bot.BotId)}/changelogs?startDate={day}",
                    "As JSON, from the day on which this job was submitted.", "changelog")
            );
        }
        return downloads;
    }
}
