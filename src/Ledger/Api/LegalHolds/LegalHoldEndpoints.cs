using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ledger.Api.Reference;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Forgetting;
using Ledger.Holds;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Web;
using Ledger.Web.Tokens;
using Npgsql;

namespace Ledger.Api.LegalHolds;

/// <summary><c>…/legal-holds</c>: places, lists, shows and lifts legal holds (contract §6, docs/adr/0050).</summary>
internal static class LegalHoldEndpoints
{
    internal const int MaximumLimit = 100;
    internal const int DefaultLimit = 50;

    private const int RetryAfterSeconds = 2;

    internal static ErrorAnswer Busy { get; } = new(
        503, "a deletion of the bot is running and did not end in time; nothing was recorded: repeat the request", RetryAfterSeconds);

    internal static ErrorAnswer KeyReused { get; } =
        new(422, "this Idempotency-Key was used for another legal hold: use a new key, or repeat that request unchanged");

    internal static ErrorAnswer KeyOfEnded { get; } = new(
        409, "the legal hold of this Idempotency-Key has ended, so its request can no longer be compared: for another one, use a new key");

    internal static ErrorAnswer Ended(string message) => new(409, message);

    internal static ErrorAnswer NotEmpty { get; } = new(400, "the body must be empty: the path names the legal hold to lift");

    public static void Map(RouteGroupBuilder holds)
    {
        var mayHold = ScopeRequirement.OneOf(Scope.LegalHolds);
        holds.MapPost("", PlaceAsync).RequireAuthorization(mayHold).WithName("placeLegalHold").Describe(HoldOperations.Place);
        holds.MapGet("", ListAsync).RequireAuthorization(mayHold).WithName("listLegalHolds").Describe(HoldOperations.List);
        holds.MapGet("/{holdId}", ShowAsync).RequireAuthorization(mayHold).WithName("getLegalHold").Describe(HoldOperations.Show);
        holds.MapDelete("/{holdId}", LiftAsync).RequireAuthorization(mayHold).WithName("liftLegalHold").Describe(HoldOperations.Lift);
    }

    /// <summary>Checks as a submission does. A hold is not counted against the bot's limit: whoever places one must not wait.</summary>
    private static async Task<IResult> PlaceAsync(
        HttpContext context, HoldPlacing placing, HoldReader holds, DeletedBefore before, TimeProvider time)
    {
        var caller = Caller.Of(context);
        if (new QueryParameters(context.Request) is { Problems.Count: > 0 } query)
            return query.Refusal();
        var (idempotencyKey, refusal) = RequestHeaders.IdempotencyKey(context.Request.Headers);
        if (refusal is not null)
            return refusal;
        if (!RequestHeaders.AnnounceJson(context.Request))
            return Refusals.NotJson;
        if (await RequestBody.ReadAsync(context.Request, context.RequestAborted) is not { } body)
            return Refusals.BodyTooLarge;
        var parsed = LegalHoldRequest.Parse(body, time.GetUtcNow());
        if (parsed.Held is not { } held)
            return new ErrorAnswer(400, 400, parsed.Problems);
        var request = new HoldRequest(caller.Bot.BotId, held, parsed.Reason, parsed.Until, caller.ClientId, idempotencyKey);
        return await placing.PlaceAsync(request, context.RequestAborted) switch
        {
            PlacingResult.Placed placed => await PlacedAsync(context, placed.Id, held, holds, before),
            PlacingResult.KeyReused => KeyReused,
            PlacingResult.KeyOfEnded => KeyOfEnded,
            _ => Busy,
        };
    }

    /// <summary>The answer to a hold that is recorded. What fails here must not look as if nothing were recorded.</summary>
    private static async Task<IResult> PlacedAsync(
        HttpContext context, HoldId id, HeldIdentifiers held, HoldReader holds, DeletedBefore before)
    {
        var bot = Caller.Of(context).Bot.BotId;
        try
        {
            var deleted = await before.FindAsync(bot, held, CancellationToken.None);
            var (hold, jobs) = (await holds.FindAsync(bot, id, CancellationToken.None))!.Value;
            context.Response.Headers.Location = PublicAddress.Hold(bot, id);
            return Answer(context, new HoldDetail(hold, jobs, held, deleted), ApiJson.Readable.HoldDetail, StatusCodes.Status201Created);
        }
        catch (Exception e) when (e is NpgsqlException or KeyFolderBehindException)
        {
            throw new OutcomeUnknownException(e);
        }
    }

    private static async Task<IResult> ListAsync(HttpContext context, HoldReader holds)
    {
        var bot = Caller.Of(context).Bot.BotId;
        var query = new QueryParameters(context.Request, "status", "limit", "after");
        var status = query.OneOf("status", "live", "lifted", "expired");
        var limit = (int)query.Number("limit", 1, MaximumLimit, absent: DefaultLimit);
        HoldId? after = null;
        if (query.Text("after") is { } text)
        {
            if (HoldId.TryParse(text, out var last) && await holds.FindAsync(bot, last, context.RequestAborted) is not null)
                after = last;
            else
                query.Add("after must be the next of an earlier page of this list");
        }
        if (query.Problems.Count > 0)
            return query.Refusal();
        var page = await holds.ListAsync(bot, status, limit + 1, after, context.RequestAborted);
        HoldSummary[] shown = [.. page.Take(limit).Select(one => HoldSummary.Of(one.Hold, one.Jobs))];
        return Answer(context, new HoldPage(shown, page.Count > limit ? shown[^1].HoldId : null), ApiJson.Readable.HoldPage);
    }

    private static async Task<IResult> ShowAsync(
        HttpContext context, HoldReader holds, HoldDisclosure disclosure, DeletedBefore before, KeyFolder keys)
    {
        var (caller, bot) = (Caller.Of(context), Caller.Of(context).Bot.BotId);
        if (!HoldId.TryParse(BotPath.HoldId(context), out var id)
            || await holds.FindAsync(bot, id, context.RequestAborted) is not var (hold, jobs))
            return Refusals.UnknownHold;
        if (new QueryParameters(context.Request) is { Problems.Count: > 0 } query)
            return query.Refusal();
        var held = await holds.SecretsAsync(keys, id, context.RequestAborted);
        if (held is not null)
            await disclosure.RecordAsync(id, caller.ClientId, context.RequestAborted);
        var deleted = held is null ? [] : await before.FindAsync(bot, held, context.RequestAborted);
        return Answer(context, new HoldDetail(hold, jobs, held, deleted), ApiJson.Readable.HoldDetail);
    }

    private static async Task<IResult> LiftAsync(HttpContext context, HoldEnding ending)
    {
        var caller = Caller.Of(context);
        if (!HoldId.TryParse(BotPath.HoldId(context), out var id))
            return Refusals.UnknownHold;
        if (new QueryParameters(context.Request) is { Problems.Count: > 0 } query)
            return query.Refusal();
        if (!await RequestBody.IsEmptyAsync(context.Request, context.RequestAborted))
            return NotEmpty;
        var lift = new LiftHold(caller.ClientId, Reason: null);
        return await ending.EndAsync(caller.Bot.BotId, id, lift, context.RequestAborted) switch
        {
            EndingResult.Ended ended => Answer(
                context, new HoldDetail(ended.Hold, ended.Jobs, held: null, []), ApiJson.Readable.HoldDetail),
            EndingResult.Unknown => Refusals.UnknownHold,
            EndingResult.Refused refused => Ended(refused.Message),
            _ => Busy,
        };
    }

    private static IResult Answer<T>(HttpContext context, T answer, JsonTypeInfo<T> json, int status = StatusCodes.Status200OK)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(JsonSerializer.SerializeToUtf8Bytes(answer, json), "application/json", statusCode: status);
    }
}
