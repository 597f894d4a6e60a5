using System.ComponentModel;
using System.Text.Json;
using Ledger.Api.Reference;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Execution;
using Ledger.Jobs;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary><c>POST …/conversations/delete/preview</c>: the counts that a submission would have now (contract §1).</summary>
internal static class PreviewEndpoint
{
    internal static ErrorAnswer TookTooLong { get; } =
        new(503, "the preview took too long and was given up: preview a shorter time, or submit without a preview", retryAfter: 60);

    public static void Map(RouteGroupBuilder deletions) => deletions.MapPost("/preview", PreviewAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.DeleteConversations))
        .WithName("previewDeletionJob")
        .Describe(PreviewOperations.Preview);

    /// <summary>Checks as a submission does. An <c>Idempotency-Key</c> must have its form, and names nothing here.</summary>
    private static async Task<IResult> PreviewAsync(HttpContext context, RateLimits limits, JobPreview preview, TimeProvider time)
    {
        var (body, _, refusal) = await SubmitEndpoint.CheckAsync(context, limits, time);
        if (body is null)
            return refusal!;
        var caller = Caller.Of(context);
        return await preview.CountAsync(caller.Bot, SubmitEndpoint.WindowOf(caller), body.Request, context.RequestAborted) switch
        {
            PreviewResult.Counted counted => Answer(context, body.Request, counted),
            PreviewResult.WindowNeverOpens never => SubmitEndpoint.WindowNeverOpens(never.Window, never.Reason),
            _ => TookTooLong,
        };
    }

    private static IResult Answer(HttpContext context, DeletionRequest request, PreviewResult.Counted counted)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(
            JsonSerializer.SerializeToUtf8Bytes(Preview.Of(request, counted), ApiJson.Readable.Preview), "application/json");
    }
}

/// <summary>The answer to a preview.</summary>
internal sealed record Preview
{
    public required RequestType RequestType { get; init; }

    [Description("The opening that the job would run in.")]
    public required PreviewedWindow Window { get; init; }

    public required PreviewedResult Result { get; init; }

    public static Preview Of(DeletionRequest request, PreviewResult.Counted counted)
    {
        var skipped = counted.Skipped.Values.Sum();
        return new Preview
        {
            RequestType = request is DeletionRequest.ByChannelUser ? RequestType.CId : RequestType.ConversationIds,
            Window = new PreviewedWindow(
                counted.Plan.Window.Name, counted.Plan.Window.Opens, counted.Plan.Window.Closes, counted.Plan.PlannedAt),
            Result = new PreviewedResult(counted.Conversations, counted.Conversations - skipped, skipped, counted.Skipped),
        };
    }
}

internal sealed record PreviewedWindow(
    [property: Description("The window's name.")] string Name,
    [property: Description("Inclusive.")] DateTimeOffset Opens,
    [property: Description("Exclusive.")] DateTimeOffset Closes,
    [property: Description("When the job would be due: when the window opens, or now if it is open.")] DateTimeOffset PlannedAt);

[Description("Counts are conversations, as the store has them now.")]
internal sealed record PreviewedResult(
    [property: Description("Conversations that the request names, or that were found.")] long TotalConversations,
    [property: Description("Conversations that would be deleted.")] long DeletableCount,
    [property: Description("Conversations that would be left alone, for a reason.")] long SkippedCount,
    [property: Description("Skipped conversations by reason; only reasons that occur.")] IReadOnlyDictionary<SkipReason, long> Skipped);
