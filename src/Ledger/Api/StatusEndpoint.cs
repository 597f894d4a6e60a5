using System.Globalization;
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
    /// <summary>Fewest seconds between polls of a job that has not ended: 720 polls an hour, well below the hourly limit.</summary>
    internal const int LeastSeconds = 5;

    /// <summary>Most seconds between such polls. A plan can change at any time, and an operator may open the window now.</summary>
    internal const int MostSeconds = 300;

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

    private static async Task<IResult> StatusAsync(HttpContext context, RateLimits limits, JobReader jobs, TimeProvider time)
    {
        var (client, bot) = (Caller.Of(context).ClientId, Caller.Of(context).Bot.BotId);
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return Refusals.UnknownJob;
        if (limits.Refuse(context, LimitedCall.Poll, $"{bot}/{job}") is { } tooMany)
            return tooMany;
        if (await jobs.StatusAsync(bot, job, client, context.RequestAborted) is not { } stored)
            return Refusals.UnknownJob;
        var status = PausedPhase.Of(stored, bot, Caller.Of(context).Registry);
        var etag = Announce(context, status, time.GetUtcNow());
        return Conditional.Knows(context.Request, etag) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : Document(status);
    }

    private static async Task<IResult> PostedStatusAsync(HttpContext context, RateLimits limits, JobReader jobs, TimeProvider time)
    {
        if (!JobId.TryParse(BotPath.JobId(context), out _))
            return Refusals.UnknownJob;
        return await RequestBody.IsEmptyAsync(context.Request, context.RequestAborted)
            ? await StatusAsync(context, limits, jobs, time)
            : NotEmpty;
    }

    /// <summary>A tenth of the time until the plan, within bounds.</summary>
    internal static int SecondsToNextPoll(TimeSpan untilPlan) => (int)Math.Clamp(untilPlan.TotalSeconds / 10, LeastSeconds, MostSeconds);

    /// <summary>Sets the headers that go with a status document.</summary>
    internal static EntityTagHeaderValue Announce(HttpContext context, StoredStatus status, DateTimeOffset now)
    {
        var etag = new EntityTagHeaderValue($"\"{status.Validator}\"");
        var headers = context.Response.Headers;
        headers.ETag = etag.ToString();
        // A client may keep the document, and must ask whether it still holds. Another client's document may be another one.
        headers.CacheControl = "private, no-cache";
        headers.Vary = "auth, Authorization";
        if (!status.Ended)
            headers.RetryAfter = SecondsToNextPoll(status.PlannedAt - now).ToString(CultureInfo.InvariantCulture);
        return etag;
    }

    internal static IResult Document(StoredStatus status) => TypedResults.Text(Encoding.UTF8.GetBytes(status.Json), "application/json");
}
