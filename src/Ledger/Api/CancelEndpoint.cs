using System.Text;
using Ledger.Api.Reference;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Execution;
using Ledger.Jobs;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary><c>DELETE …/conversations/delete/{jobId}</c>: cancels a job (contract §6).</summary>
internal static class CancelEndpoint
{
    internal static ErrorAnswer TooLate(string reason) => new(409, reason);

    internal static ErrorAnswer NotEmpty { get; } = new(400, "the body must be empty: this call cancels the job that the path names");

    internal static ErrorAnswer KeyGone { get; } = new(
        409, "the job's key was destroyed in the middle of a retry, so that what it still owes cannot be settled: tell the operator");

    public static void Map(RouteGroupBuilder deletions) => deletions.MapDelete("/{jobId:job}", CancelAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.DeleteConversations))
        .WithName("cancelDeletionJob")
        .Describe(CancelOperations.Cancel);

    private static async Task<IResult> CancelAsync(HttpContext context, JobCancellation cancellation, JobReader jobs)
    {
        var caller = Caller.Of(context);
        if (new QueryParameters(context.Request) is { Problems.Count: > 0 } query)
            return query.Refusal();
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return Refusals.UnknownJob;
        if (!await RequestBody.IsEmptyAsync(context.Request, context.RequestAborted))
            return NotEmpty;
        try
        {
            return await cancellation.CancelAsync(caller.Bot.BotId, job, caller.ClientId, context.RequestAborted) switch
            {
                CancellationResult.Cancelled => await AnswerAsync(context, jobs, caller.Bot.BotId, job),
                CancellationResult.TooLate late => TooLate(late.Reason),
                _ => Refusals.UnknownJob,
            };
        }
        catch (JobKeyGoneException)
        {
            return KeyGone;
        }
    }

    /// <summary>The status document: it says how far the job had come.</summary>
    private static async Task<IResult> AnswerAsync(HttpContext context, JobReader jobs, string bot, JobId job)
    {
        context.Response.Headers.Location = PublicAddress.Status(bot, job);
        context.Response.Headers.CacheControl = "no-store";
        var status = await jobs.StatusAsync(bot, job, Caller.Of(context).ClientId, context.RequestAborted)
            ?? throw new InvalidOperationException("the job was cancelled, and has no status document");
        return TypedResults.Text(Encoding.UTF8.GetBytes(status.Json), "application/json", StatusCodes.Status202Accepted);
    }
}
