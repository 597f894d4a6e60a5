using Ledger.Api.LegalHolds;
using Ledger.Web;

namespace Ledger.Api.Reference;

/// <summary>The description of legal holds' operations (contract §6).</summary>
internal static class HoldOperations
{
    private const string Sample = """
        "holdId":"lh-0b6a4b0e-3f0c-5a57-9f4d-6f7a1c2b3d4e","status":"live","requestType":"conversationIds","identifiers":2,
        "reason":"court order 12 C 345/26","placedBy":"cs-legal","placedAt":"2026-05-08T06:22:56.097Z","until":null,
        "endedAt":null,"endedBy":null,"endReason":null
        """;

    private const string Live =
        "{" + Sample + """
        ,"skippedJobs":0,"skippedIn":[],"conversationIds":["69eb0b5c7cd98618e06aaaaa","69eb0c87ec444445976aaaaa"],"cId":null,
        "alreadyDeleted":[
          {"jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","conversationId":"69eb0c87ec444445976aaaaa","deletedCount":1}]}
        """;

    private const string Lifted = """
        {"holdId":"lh-0b6a4b0e-3f0c-5a57-9f4d-6f7a1c2b3d4e","status":"lifted","requestType":"cId","identifiers":1,
        "reason":"court order 12 C 345/26","placedBy":"cs-legal","placedAt":"2026-05-08T06:22:56.097Z","until":null,
        "endedAt":"2026-07-01T08:00:00.000Z","endedBy":"cs-legal","endReason":null,
        "skippedJobs":1,"skippedIn":[{"jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","conversations":3}],
        "conversationIds":null,"cId":null,"alreadyDeleted":[]}
        """;

    private static readonly Refused s_unknownHold = new(
        "unknown hold", "There is no such legal hold, or it is another bot's.", Refusals.UnknownHold);

    private static readonly Refused s_busy = new(
        "a deletion is running", "A batch of the bot did not end in time. Nothing was recorded.", LegalHoldEndpoints.Busy);

    public static Operation Place { get; } = new()
    {
        Tag = Tag.Holds,
        Summary = "Place a legal hold on named conversations, or on all of a channel user.",
        Description = """
            Nothing under the hold is deleted after the answer. Jobs skip what is held with the reason `legal_hold`, those that have started
            too. `alreadyDeleted` names what came too late, as far as the ledger still knows.

            A hold on a channel user covers conversations that come later too. The reason is recorded for ever: it must hold no personal
            data.
            """,
        Parameters = [Parameters.BotId, Parameters.IdempotencyKey],
        Request = new Body(
            "LegalHoldRequest",
            Example.Json(
                "by id",
                """
                {"conversationIds":["69eb0c87ec444445976aaaaa","69eb0b5c7cd98618e06aaaaa"],"reason":"court order 12 C 345/26"}
                """),
            Example.Json(
                "by channel user, with an end",
                """
                {"cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa","reason":"court order 12 C 345/26","until":"2099-01-31T23:00:00Z"}
                """)),
        Answers =
        [
            Answer.Json(
                201, "Recorded; or recorded before, under the same `Idempotency-Key`.", "LegalHold", Example.Json("placed", Live)) with
            {
                Headers =
                [
                    new Header(
                        "Location", "The hold.", $"/api/public/bot/{Parameters.SampleBot}/legal-holds/{Parameters.SampleHold}"),
                ],
            },
        ],
        Refusals =
        [
            new(
                "a broken rule",
                "A rule of the body or of the `Idempotency-Key` is broken, or there is a query parameter: one entry per problem.",
                new ErrorAnswer(400, "conversationIds or cId is required")),
            new("key used before", "The `Idempotency-Key` was used for another legal hold.", LegalHoldEndpoints.KeyReused),
            new(
                "key of an ended hold", "The hold of the `Idempotency-Key` has ended, so its request can no longer be compared.",
                LegalHoldEndpoints.KeyOfEnded),
            s_busy,
            new(
                "outcome unknown",
                "The database went away, so that nobody knows whether the hold is recorded (code 5031): repeat the request with the same "
                + "`Idempotency-Key`.",
                Errors.OutcomeUnknown),
        ],
    };

    public static Operation List { get; } = new()
    {
        Tag = Tag.Holds,
        Summary = "The bot's legal holds, newest first.",
        Description = "Pages of holds without their ids. To read on, send the `next` of a page as `after`.",
        Parameters =
        [
            Parameters.BotId,
            Parameters.InQuery("status", "Only holds with this status.", Schema.OneOf("live", "lifted", "expired"), "live"),
            Parameters.Limit(LegalHoldEndpoints.MaximumLimit, LegalHoldEndpoints.DefaultLimit),
            Parameters.InQuery("after", "The `next` of an earlier page.", Schema.HoldId(), Parameters.SampleHold),
        ],
        Answers =
        [
            Answer.Json(
                200, "A page.", "LegalHoldList",
                Example.Json("one hold, the last", $$"""{"holds":[{{{Sample}},"skippedJobs":0}],"next":null}""")),
        ],
        Refusals = [Refused.ByQuery("limit must be a whole number from 1 to 100")],
    };

    public static Operation Show { get; } = new()
    {
        Tag = Tag.Holds,
        Summary = "A legal hold, with its ids while it is live.",
        Description =
            "That a client is given the ids is recorded. When the hold has ended, its key is destroyed, and nobody can read them again.",
        Parameters = [Parameters.BotId, Parameters.HoldId],
        Answers = [Answer.Json(200, "The hold.", "LegalHold", Example.Json("live", Live), Example.Json("lifted", Lifted))],
        Refusals = [Refused.ByQuery("query parameter 1 is unknown: this call takes none"), s_unknownHold],
    };

    public static Operation Lift { get; } = new()
    {
        Tag = Tag.Holds,
        Summary = "Lift a legal hold.",
        Description =
            "Its key and the list of its ids are destroyed. `skippedIn` names the jobs that skipped conversations because of it: their "
            + "erasure is owed again, so submit them anew. The bot's owner and its webhook are told too.",
        Parameters = [Parameters.BotId, Parameters.HoldId],
        Answers = [Answer.Json(200, "The hold, which has ended.", "LegalHold", Example.Json("lifted", Lifted))],
        Refusals =
        [
            Refused.ByQuery("query parameter 1 is unknown: this call takes none"),
            new("a body", "The body is not empty.", LegalHoldEndpoints.NotEmpty),
            s_unknownHold,
            new(
                "ended already", "The hold was lifted, or it has expired.",
                LegalHoldEndpoints.Ended("the legal hold has ended already: it was lifted")),
            s_busy,
        ],
    };
}
