using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Ledger.Api.Reference;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Projections.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary><c>POST …/conversations/delete</c>: submits a deletion job (contract §1).</summary>
internal static class SubmitEndpoint
{
    internal static ErrorAnswer KeyReused { get; } =
        new(422, "this Idempotency-Key was used for another request: use a new key, or repeat that request unchanged");

    internal static ErrorAnswer WindowNeverOpens(string window, string reason) => new(
        409, $"the bot's window '{window}' never opens again ({reason}); nothing was recorded: ask the operator to define the window anew");

    internal static ErrorAnswer KeyForgotten { get; } =
        new(409, "the job of this Idempotency-Key was forgotten, so its request can no longer be compared: for another job, use a new key");

    public static void Map(RouteGroupBuilder deletions) => deletions.MapPost("", SubmitAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.DeleteConversations))
        .WithName("submitDeletionJob")
        .Describe(JobOperations.Submit);

    /// <summary>
    /// Checks in this order: rate limit, query, headers, size, rules of the body. A preview is held to the same rules.
    /// </summary>
    /// <returns>The request and its idempotency key, or the refusal.</returns>
    internal static async Task<(ParsedBody.Valid? Body, string? IdempotencyKey, ErrorAnswer? Refusal)> CheckAsync(
        HttpContext context, RateLimits limits, TimeProvider time)
    {
        if (limits.Refuse(context, LimitedCall.Submit, Caller.Of(context).Bot.BotId) is { } tooMany)
            return (null, null, tooMany);
        // A deletion is never guessed at: ?dryRun=true would be ignored, and delete.
        if (new QueryParameters(context.Request) is { Problems.Count: > 0 } query)
            return (null, null, query.Refusal());
        var (idempotencyKey, refusal) = RequestHeaders.IdempotencyKey(context.Request.Headers);
        if (refusal is not null)
            return (null, null, refusal);
        if (!RequestHeaders.AnnounceJson(context.Request))
            return (null, null, Refusals.NotJson);
        if (await RequestBody.ReadAsync(context.Request, context.RequestAborted) is not { } body)
            return (null, null, Refusals.BodyTooLarge);
        return DeletionRequestParser.Parse(body, time.GetUtcNow()) switch
        {
            ParsedBody.Valid valid => (valid, idempotencyKey, null),
            ParsedBody.Invalid invalid => (null, null, new ErrorAnswer(400, 400, invalid.Problems)),
            _ => throw new InvalidOperationException("a body is valid or invalid"),
        };
    }

    /// <summary>The window of the caller's bot.</summary>
    internal static DeletionWindow WindowOf(Caller caller) => caller.Registry.Windows.TryGetValue(caller.Bot.Window, out var window)
        ? window
        : throw new InvalidOperationException("the bot's window is not defined"); // the registry does not record such a bot

    private static async Task<IResult> SubmitAsync(HttpContext context, RateLimits limits, JobSubmission submission, TimeProvider time)
    {
        var (body, idempotencyKey, refusal) = await CheckAsync(context, limits, time);
        if (body is null)
            return refusal!;
        var caller = Caller.Of(context);
        var sent = new Submission(
            caller.Bot, WindowOf(caller), caller.ClientId, body.Request, idempotencyKey, body.Canonical, body.Case);
        return Answer(caller.Bot.BotId, await submission.SubmitAsync(sent, context.RequestAborted), context);
    }

    private static IResult Answer(string botId, SubmissionResult result, HttpContext context)
    {
        if (result is SubmissionResult.WindowNeverOpens never)
            return WindowNeverOpens(never.Window, never.Reason);
        if (result is not SubmissionResult.Accepted accepted)
            return result is SubmissionResult.KeyForgotten ? KeyForgotten : KeyReused;
        context.Response.Headers.Location = PublicAddress.Status(botId, accepted.JobId);
        context.Response.Headers.CacheControl = "no-store";
        var queued = new QueuedJob { JobId = accepted.JobId, SubmittedAt = accepted.SubmittedAt };
        return TypedResults.Text(
            JsonSerializer.SerializeToUtf8Bytes(queued, ApiJson.Readable.QueuedJob), "application/json", StatusCodes.Status202Accepted);
    }
}

/// <summary>The answer to a submission that is recorded. The order of its members is that of the published sample.</summary>
internal sealed record QueuedJob
{
    private const string Queued = "queued";

    [Description("Always this.")]
    [AllowedValues(Queued)]
    public string Status { get; } = Queued;
    public required JobId JobId { get; init; }

    [Description("For people.")]
    public string Message { get; } = "Deletion job queued successfully. The bot owner will be notified by email on completion.";

    [Description("When the job was recorded.")]
    public required DateTimeOffset SubmittedAt { get; init; }
}
