using Ledger.Web;

namespace Ledger.Api.Reference;

/// <summary>The description of deletion jobs' operations (contract §1, §2, §6).</summary>
internal static class JobOperations
{
    private const string Queued = """
        {"jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","status":"queued","phase":"waiting","requestType":"cId",
         "submittedAt":"2026-05-08T06:22:56.097Z","scheduledAt":"2026-05-08T18:00:00.000Z","startedAt":null,"completedAt":null,
         "result":{"totalConversations":0,"processedCount":0,"deletedCount":0,"failedCount":0,"skippedCount":0,"retriesRemaining":3,
                   "deletedItems":{"messages":0,"transcripts":0,"recordings":0,"attachments":0,"logs":0},"skipped":{}}}
        """;

    public const string Completed = """
        {"jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","status":"completed","phase":"done","requestType":"cId",
         "submittedAt":"2026-05-08T06:22:56.097Z","scheduledAt":"2026-05-08T18:00:00.000Z","startedAt":"2026-05-08T18:00:00.412Z","completedAt":"2026-05-08T18:00:01.038Z",
         "result":{"totalConversations":3,"processedCount":3,"deletedCount":2,"failedCount":0,"skippedCount":1,"retriesRemaining":3,
                   "deletedItems":{"messages":31,"transcripts":2,"recordings":0,"attachments":1,"logs":2},"skipped":{"retention":1}}}
        """;

    /// <summary>The body of a submission and of its preview.</summary>
    internal static Body Request { get; } = new(
        "DeletionRequest",
        Example.Json("by id", """{"conversationIds":["69eb0c87ec444445976aaaaa","69eb0b5c7cd98618e06aaaaa"]}"""),
        Example.Json(
            "by channel user",
            """{"cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa","startDate":"2026-05-04","endDate":"2026-05-04"}"""
        ),
        Example.Json(
            "by channel user, instants",
            """{"cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa","startDate":"2026-05-04T00:00:00.000Z","endDate":"2026-05-04T23:59:59.999Z"}"""
        ),
        Example.Json("by channel user, everything", """{"cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa"}"""),
        CaseOperations.Submission);

    /// <summary>The refusals of both by the rules of the body.</summary>
    internal static IReadOnlyList<Refused> BrokenRules { get; } =
    [
        new(
            "a broken rule",
            "A rule of the body or of the `Idempotency-Key` is broken, or there is a query parameter: one entry per problem.",
            new ErrorAnswer(400, "conversationIds or cId is required")),
        new(
            "two broken rules",
            "For example two at once.",
            new ErrorAnswer(
                400,
                400,
                [
                    "conversationIds is empty: it must have 1 to 100 items",
                    "conversationIds and cId exclude each other: send one of them",
                ]
            )
        ),
    ];

    internal static Refused WindowIsOver { get; } =
        new(
            "window is over", "The bot's window never opens again. Nothing was recorded.",
            SubmitEndpoint.WindowNeverOpens("night", "no future time matches its cron expression"));

    public static Operation Submit { get; } =
        new()
        {
            Tag = Tag.Jobs,
            Summary = "Submit a deletion job: for named conversations, or for those of a channel user.",
            Description = """
                The job is recorded, durably, before the answer is sent. It runs in the bot's next off-peak window, or at once if the
                window is open.

                Send an `Idempotency-Key` so that a request that was answered 5031, or not at all, can be repeated without making a second
                job.
                """,
            Parameters = [Parameters.BotId, Parameters.IdempotencyKey],
            Request = Request,
            Answers =
            [
                Answer.Json(
                    202,
                    "Recorded; or recorded before, under the same `Idempotency-Key`.",
                    "Accepted",
                    Example.Json(
                        "queued",
                        """
                        {"status":"queued","jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c",
                         "message":"Deletion job queued successfully. The bot owner will be notified by email on completion.","submittedAt":"2026-05-08T06:22:56.097Z"}
                        """
                    )
                ) with
                {
                    Headers =
                    [
                        new Header(
                            "Location", "The job's status.",
                            $"/api/public/bot/{Parameters.SampleBot}/conversations/delete/{Parameters.SampleJob}"),
                        .. Header.RateLimits,
                    ],
                },
            ],
            Refusals =
            [
                .. BrokenRules,
                new("key used before", "The `Idempotency-Key` was used for another request.", SubmitEndpoint.KeyReused),
                WindowIsOver,
                new(
                    "key of a forgotten job", "The job of the `Idempotency-Key` was forgotten, so its request can no longer be compared.",
                    SubmitEndpoint.KeyForgotten),
                Refused.TooManySubmits,
                new(
                    "outcome unknown",
                    "The database went away, so that nobody knows whether the job is recorded (code 5031): repeat the request with the "
                    + "same `Idempotency-Key`.",
                    Errors.OutcomeUnknown),
            ],
        };

    public static Operation List { get; } =
        new()
        {
            Tag = Tag.Jobs,
            Summary = "The bot's deletion jobs, newest first.",
            Description =
                "Pages of status documents. To read on, send the `next` of a page as `after`; jobs that are submitted meanwhile do not "
                + "shift the pages.",
            Parameters =
            [
                Parameters.BotId,
                Parameters.InQuery(
                    "status", "Only jobs with this status.", Schema.OneOf("queued", "completed", "failed", "cancelled"), "queued"),
                Parameters.Limit(JobListEndpoint.MaximumLimit, JobListEndpoint.DefaultLimit),
                Parameters.InQuery(
                    "after", "The `next` of an earlier page.", Schema.Text(),
                    "MjAyNi0wNS0wOFQwNjoyMjo1Ni4wOTdaIGU4YzBkMzYwLTZiNWItNTBhYi1iZGExLWFlNTRiMThhMWIyYw"),
            ],
            Answers =
            [
                Answer.Json(200, "A page.", "JobList", Example.Json("one job, the last", $$"""{"jobs":[{{Completed}}],"next":null}""")),
            ],
            Refusals = [Refused.ByQuery("limit must be a whole number from 1 to 100")],
        };

    public static Operation Status { get; } =
        StatusAs(
            "A deletion job's status.",
            "`status` stays `queued` until the job has ended, then it is `completed`, `failed` or `cancelled`; `phase` says what goes on "
            + "meanwhile. Instants and counts are null and 0 until they are true."
        );

    public static Operation PostedStatus { get; } = StatusAs(
        "The same as GET, by an empty POST.", "For clients that send `curl --data ''`. The body must be empty, whatever its content type.",
        new Refused("a body", "The body is not empty.", StatusEndpoint.NotEmpty));

    public static Operation Outcomes { get; } =
        new()
        {
            Tag = Tag.Jobs,
            Summary = "What became of each conversation of a job.",
            Description = """
                In ordinal order. It names conversations by their ids, as long as the job's key lives: `conversationId` is null once it is
                destroyed.

                With `Delete Conversations` a client sees the outcomes of the jobs that it submitted itself; auditors see all.
                """,
            Parameters =
            [
                Parameters.BotId,
                Parameters.JobId,
                Parameters.InQuery(
                    "outcome", "Only conversations with this outcome; unless told, all that have one.",
                    Schema.OneOf("deleted", "failed", "skipped", "pending"), "deleted"),
                Parameters.Limit(OutcomesEndpoint.MaximumLimit, OutcomesEndpoint.DefaultLimit),
                Parameters.InQuery("after", "The `next` of an earlier page.", Schema.Count(), 1023),
            ],
            Answers =
            [
                Answer.Json(
                    200,
                    "A page.",
                    "Outcomes",
                    Example.Json(
                        "two conversations",
                        """
                        {"jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","outcomes":[
                          {"ordinal":0,"conversationId":"69eb0c87ec444445976aaaaa","outcome":"deleted","reason":null},
                          {"ordinal":1,"conversationId":"69eb0b5c7cd98618e06aaaaa","outcome":"skipped","reason":"retention"}],"next":null}
                        """
                    )
                ),
            ],
            Refusals = [Refused.ByQuery("outcome must be one of deleted, failed, skipped, pending"), Refused.UnknownJob, Refused.LostRace],
        };

    private static Operation StatusAs(string summary, string description, params Refused[] refusals) =>
        new()
        {
            Tag = Tag.Jobs,
            Summary = summary,
            Description = description,
            Parameters = [Parameters.BotId, Parameters.JobId, Parameters.IfNoneMatch],
            Answers =
            [
                Answer.Json(
                    200, "The status document.", "JobStatus", Example.Json("queued", Queued), Example.Json("completed", Completed),
                    CaseOperations.Status) with
                {
                    Headers =
                    [
                        Header.ETag,
                        Header.RetryAfter with
                        {
                            Description =
                                "Seconds after which to ask again, until the job has ended: a tenth of the time until its plan, from 5 s "
                                + "to 5 minutes.",
                            Always = false,
                        },
                    ],
                },
                Answer.Unchanged,
            ],
            Refusals = [.. refusals, Refused.UnknownJob, Refused.TooManyPolls],
        };
}
