using System.Text;
using Ledger.Api.Reference;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Web;
using Ledger.Web.Tokens;
using Microsoft.Net.Http.Headers;

namespace Ledger.Api;

/// <summary><c>GET …/conversations/delete/{jobId}</c>, and <c>POST</c> with an empty body: the status document (contract §2).</summary>
internal static class StatusEndpoint
{
    /// <summary>Seconds between polls of a job that has not ended: 720 an hour, well below the hourly limit.</summary>
    private const string PollAfterSeconds = "5";

    internal static ErrorAnswer NotEmpty { get; } = new(400, "the body must be empty: this path reads a job's status");

    public static void Map(RouteGroupBuilder deletions)
    {
        var mayRead = ScopeRequirement.OneOf(Scope.DeleteConversations);
        deletions.MapGet("/{jobId:job}", StatusAsync).RequireAuthorization(mayRead)
            .WithName("getDeletionJobStatus")
            .Describe(JobOperations.Status);
        deletions.MapPost("/{jobId:job}", PostedStatusAsync).RequireAuthorization(mayRead)
            .WithName("postDeletionJobStatus")
            .Describe(JobOperations.PostedStatus);
    }

    private static async Task<IResult> StatusAsync(HttpContext context, RateLimits limits, JobReader jobs)
    {
        var (client, bot) = (Caller.Of(context).ClientId, Caller.Of(context).Bot.BotId);
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return Refusals.UnknownJob;
        if (limits.SecondsToWait(LimitedCall.Poll, $"{bot}/{job}") is { } wait)
            return Refusals.TooMany(wait);
        if (await jobs.StatusAsync(bot, job, client, context.RequestAborted) is not { } stored)
            return Refusals.UnknownJob;
        var status = PausedPhase.Of(stored, bot, Caller.Of(context).Registry);
        var etag = Announce(context, status);
        return Conditional.Knows(context.Request, etag) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : Document(status);
    }

    private static async Task<IResult> PostedStatusAsync(HttpContext context, RateLimits limits, JobReader jobs)
    {
        if (!JobId.TryParse(BotPath.JobId(context), out _))
            return Refusals.UnknownJob;
        return await RequestBody.IsEmptyAsync(context.Request, context.RequestAborted)
            ? await StatusAsync(context, limits, jobs)
            : NotEmpty;
    }

    /// <summary>Sets the headers that go with a status document.</summary>
    internal static EntityTagHeaderValue Announce(HttpContext context, StoredStatus status)
    {
        var etag = new EntityTagHeaderValue($"\"{status.Validator}\"");
        var headers = context.Response.Headers;
        headers.ETag = etag.ToString();
        // A client may keep the document, and must ask whether it still holds. Another client's document may be another one.
        headers.CacheControl = "private, no-cache";
        headers.Vary = "auth, Authorization";
        if (!status.Ended)
            headers.RetryAfter = PollAfterSeconds;
        return etag;
    }

    internal static IResult Document(StoredStatus status) => TypedResults.Text(Encoding.UTF8.GetBytes(status.Json), "application/json");
}
