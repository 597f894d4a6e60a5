using Ledger.Api.Reference;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Jobs.Cases;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api.Cases;

/// <summary>
/// <c>PATCH …/{jobId}</c>: gives the case behind a job a later deadline (contract §6). Only the client that submitted the job may do it.
/// </summary>
internal static class DeadlineEndpoint
{
    public static void Map(RouteGroupBuilder deletions) => deletions.MapPatch("/{jobId:job}", ExtendAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.DeleteConversations))
        .WithName("extendDeletionJobDeadline")
        .Describe(CaseOperations.Extend);

    private static async Task<IResult> ExtendAsync(
        HttpContext context, RateLimits limits, JobReader jobs, CaseDeadlines deadlines, TimeProvider time)
    {
        var (caller, cancel) = (Caller.Of(context), context.RequestAborted);
        var bot = caller.Bot.BotId;
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return Refusals.UnknownJob;
        if (limits.Refuse(context, LimitedCall.Poll, $"{bot}/{job}") is { } tooMany)
            return tooMany;
        if (await jobs.ClientAsync(bot, job, cancel) is not { } submitter)
            return Refusals.UnknownJob;
        if (submitter != caller.ClientId)
            return TokenAuthentication.Forbidden;
        if (new QueryParameters(context.Request) is { Problems.Count: > 0 } query)
            return query.Refusal();
        if (!RequestHeaders.AnnounceJson(context.Request))
            return Refusals.NotJson;
        if (await RequestBody.ReadAsync(context.Request, cancel) is not { } body)
            return Refusals.BodyTooLarge;
        var request = DeadlineExtensionRequest.Parse(body);
        if (request.Problems.Count > 0)
            return new ErrorAnswer(400, 400, request.Problems);
        return await deadlines.ExtendAsync(job, new ExtendDeadline(request.DueOn, request.Reason, caller.ClientId), cancel) switch
        {
            ExtensionResult.Conflict conflict => new ErrorAnswer(409, conflict.Reason),
            ExtensionResult.NotLater notLater => new ErrorAnswer(400, notLater.Rule),
            _ => await AnswerAsync(context, jobs, job, caller, time.GetUtcNow()),
        };
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, JobReader jobs, JobId job, Caller caller, DateTimeOffset now)
    {
        var bot = caller.Bot.BotId;
        if (await jobs.StatusAsync(bot, job, caller.ClientId, context.RequestAborted) is not { } stored)
            return Refusals.UnknownJob;
        var status = PausedPhase.Of(stored, bot, caller.Registry);
        StatusEndpoint.Announce(context, status, now);
        return StatusEndpoint.Document(status);
    }
}
