using System.Text.Json;
using Ledger.Api.Reference;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary><c>GET …/conversations/delete?status=&amp;limit=&amp;after=</c>: the bot's jobs, newest first (contract §6).</summary>
internal static class JobListEndpoint
{
    internal const int MaximumLimit = 100;
    internal const int DefaultLimit = 50;

    public static void Map(RouteGroupBuilder deletions) => deletions.MapGet("", ListAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.DeleteConversations, Scope.LedgerAudit))
        .WithName("listDeletionJobs")
        .Describe(JobOperations.List);

    private static async Task<IResult> ListAsync(HttpContext context, JobReader jobs)
    {
        var query = new QueryParameters(context.Request, "status", "limit", "after");
        var status = query.OneOf("status", "queued", "completed", "failed", "cancelled");
        var limit = query.Number("limit", 1, MaximumLimit, absent: DefaultLimit);
        if (query.Problems.Count > 0)
            return query.Refusal();
        JobPage page;
        try
        {
            page = await jobs.ListAsync([Caller.Of(context).Bot.BotId], status, (int)limit, query.Text("after"), context.RequestAborted);
        }
        catch (FormatException)
        {
            return new ErrorAnswer(400, "after must be the next of an earlier page of this list");
        }
        context.Response.Headers.CacheControl = "no-store";
        page = PausedPhase.Of(page, Caller.Of(context).Registry);
        return TypedResults.Text(JsonSerializer.SerializeToUtf8Bytes(page, ApiJson.Readable.JobPage), "application/json");
    }
}
