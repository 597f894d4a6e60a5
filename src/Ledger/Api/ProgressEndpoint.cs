using Ledger.Api.Reference;
using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary>
/// <c>GET …/{jobId}/progress</c>: the status document as server-sent events (contract §6). It is sent at once and at every change that is
/// seen, until the job has ended. An event's id is the document's validator. A client that comes back with <c>Last-Event-ID</c> is sent
/// only the changes that it lacks. If it has seen the end, it is sent 204, which ends its attempts.
/// </summary>
internal static class ProgressEndpoint
{
    public static void Map(RouteGroupBuilder deletions) => deletions.MapGet("/{jobId}/progress", ProgressAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(ProgressWatch.MayRead))
        .WithName("watchDeletionJob")
        .WithMetadata(new NoUseOfSession())
        .Describe(HistoryOperations.Progress);

    private static async Task<IResult> ProgressAsync(
        HttpContext context, RateLimits limits, JobReader jobs, ProgressStreams streams, ProgressWatch watch)
    {
        var (client, bot) = (Caller.Of(context).ClientId, Caller.Of(context).Bot.BotId);
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return Refusals.UnknownJob;
        if (limits.Refuse(context, LimitedCall.Poll, $"{bot}/{job}") is { } tooMany)
            return tooMany;
        if (await jobs.StatusAsync(bot, job, client, context.RequestAborted) is not { } status)
            return Refusals.UnknownJob;
        var seen = context.Request.Headers["Last-Event-ID"].ToString();
        if (status.Ended && seen == status.Validator)
            return TypedResults.NoContent();
        var (place, refusal) = streams.TryOpen(client, job.ToString());
        if (place is null)
            return refusal!;
        using (place)
        {
            if (HeadRequests.IsHead(context))
                ProgressWatch.Announce(context.Response);
            else
                await watch.RunAsync(context, job, PausedPhase.Of(status, bot, Caller.Of(context).Registry), seen);
        }
        return Results.Empty;
    }
}
