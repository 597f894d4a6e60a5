using System.Text.Json;
using Ledger.Api.Reference;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary>
/// <c>GET …/{jobId}/outcomes?outcome=&amp;limit=&amp;after=</c>: the outcome of each conversation (contract §6). It discloses raw ids, and
/// records that.
/// </summary>
internal static class OutcomesEndpoint
{
    internal const int MaximumLimit = 1000;
    internal const int DefaultLimit = 100;

    /// <summary>The description of the disclosed data in a disclosure's record.</summary>
    private const string Disclosed = "outcomes of the job";

    public static void Map(RouteGroupBuilder deletions) => deletions.MapGet("/{jobId}/outcomes", OutcomesAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.DeleteConversations, Scope.LedgerAudit))
        .WithName("listDeletionJobOutcomes")
        .Describe(JobOperations.Outcomes);

    private static async Task<IResult> OutcomesAsync(HttpContext context, JobReader jobs, RegistryStore registry)
    {
        var caller = Caller.Of(context);
        var bot = caller.Bot.BotId;
        if (!JobId.TryParse(BotPath.JobId(context), out var job)
            || await jobs.ClientAsync(bot, job, context.RequestAborted) is not { } submitter)
            return Refusals.UnknownJob;
        if (submitter != caller.ClientId && !caller.MayDoOneOf([Scope.LedgerAudit]))
            return TokenAuthentication.Forbidden;

        var query = new QueryParameters(context.Request, "outcome", "limit", "after");
        var outcome = query.OneOf("outcome", "deleted", "failed", "skipped", "pending");
        var limit = query.Number("limit", 1, MaximumLimit, absent: DefaultLimit);
        var after = query.Number("after", 0, long.MaxValue, absent: -1);
        if (query.Problems.Count > 0)
            return query.Refusal();
        if (await jobs.OutcomesAsync(bot, job, outcome, (int)limit, after, context.RequestAborted) is not { } page)
            return Refusals.UnknownJob;
        if (page.Outcomes.Any(one => one.ConversationId is not null))
            await Disclosure.RecordAsync(registry, context, job, Disclosed);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(JsonSerializer.SerializeToUtf8Bytes(page, ApiJson.Readable.OutcomePage), "application/json");
    }
}
