using System.Globalization;
using Ledger.Contracts.Jobs;
using Ledger.Http.Reference;
using Ledger.Jobs;

namespace Ledger.Http;

/// <summary>
/// <c>GET …/{jobId}/progress</c>: the status document as server-sent events, at once and at every change that is seen, until the job has ended (contract §6). An event's id is the document's
/// version: a client that comes back with <c>Last-Event-ID</c> is sent only what is newer, and 204, which ends its attempts, when it has seen the end.
/// </summary>
internal static class ProgressEndpoint
{
    /// <summary>Seconds, for a client that finds all streams taken.</summary>
    private const int RetryAfter = 5;

    internal static readonly ErrorAnswer TooManyStreams = new(429, 429, ["too many progress streams are open: poll the job's status instead, or come back later"], RetryAfter);

    public static void Map(RouteGroupBuilder deletions) => deletions.MapGet("/{jobId}/progress", ProgressAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(ProgressWatch.MayRead))
        .WithName("watchDeletionJob")
        .Describe(HistoryOperations.Progress);

    private static async Task<IResult> ProgressAsync(HttpContext context, RateLimits limits, JobReader jobs, ProgressStreams streams, ProgressWatch watch)
    {
        var bot = Caller.Of(context).Bot.BotId;
        if (!JobId.TryParse(BotPath.JobId(context), out var job))
            return Refusals.UnknownJob;
        if (limits.SecondsToWait(LimitedCall.Poll, $"{bot}/{job}") is { } wait)
            return Refusals.TooMany(wait);
        if (await jobs.StatusAsync(bot, job, context.RequestAborted) is not { } status)
            return Refusals.UnknownJob;
        var seen = long.TryParse(context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
        if (status.Ended && seen == status.Version)
            return TypedResults.NoContent();
        if (!streams.TryOpen())
            return TooManyStreams;
        try
        {
            await watch.RunAsync(context, job, status, seen);
        }
        finally
        {
            streams.Close();
        }
        return Results.Empty;
    }
}
