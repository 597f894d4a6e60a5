using Ledger.Web;

namespace Ledger.Api.Reference;

/// <summary>The description of what is told of the case behind a deletion job (contract §1, §6).</summary>
internal static class CaseOperations
{
    /// <summary>A submission with a case.</summary>
    public static Example Submission { get; } = Example.Json(
        "with the request behind it",
        """
        {"cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa",
         "case":{"reference":"DSAR-2026-0117","receivedOn":"2026-05-02","basis":"gdpr_17_1_b"}}
        """);

    /// <summary>The status document, as the client that sent the case gets it.</summary>
    public static Example Status { get; } = Example.Json(
        "with a case, for the client that sent it",
        """
        {"jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","status":"queued","phase":"waiting","requestType":"cId",
         "submittedAt":"2026-05-08T06:22:56.097Z","scheduledAt":"2026-05-08T18:00:00.000Z","startedAt":null,"completedAt":null,
         "result":{"totalConversations":0,"processedCount":0,"deletedCount":0,"failedCount":0,"skippedCount":0,"retriesRemaining":3,
                   "deletedItems":{"messages":0,"transcripts":0,"recordings":0,"attachments":0,"logs":0},"skipped":{}},
         "case":{"reference":"DSAR-2026-0117","receivedOn":"2026-05-02","basis":"gdpr_17_1_b","dueOn":"2026-08-02"}}
        """);

    public static Operation Extend { get; } =
        new()
        {
            Tag = Tag.Jobs,
            Summary = "Extend the deadline of the case behind a job.",
            Description = """
                For the client that submitted the job with a `case`, until the job ends. The extension is recorded with its reason, for
                ever. So the reason must hold no personal data. It does not change when the job runs.

                The same extension can be repeated, and is then recorded once.
                """,
            Parameters = [Parameters.BotId, Parameters.JobId],
            Request = new Body(
                "DeadlineExtensionRequest",
                Example.Json("two months more", """{"dueOn":"2026-08-02","reason":"the number of requests, Article 12(3)"}""")),
            Answers =
            [
                Answer.Json(200, "Recorded, now or before: the status document.", "JobStatus", Status) with
                {
                    Headers =
                    [
                        Header.ETag,
                        Header.RetryAfter with
                        {
                            Description = "Seconds after which to ask for the status, until the job has ended.", Always = false,
                        },
                    ],
                },
            ],
            Refusals =
            [
                new(
                    "a broken rule", "A rule of the body is broken, or there is a query parameter: one entry per problem.",
                    new ErrorAnswer(400, "dueOn is required")),
                new(
                    "not later", "The day is not later than the deadline so far.",
                    new ErrorAnswer(400, "dueOn must be later than 2026-06-02, the deadline so far")),
                new("no case", "The job was submitted without a case.", new ErrorAnswer(
                    409, "the job was submitted without a case, so it has no deadline")),
                new("ended job", "The job has ended.", new ErrorAnswer(409, "the job has ended: its deadline is extended no more")),
                Refused.UnknownJob,
                Refused.TooManyPolls,
                Refused.LostRace,
                new(
                    "outcome unknown", "The database went away, so that nobody knows if it is recorded (code 5031): repeat the request.",
                    Errors.OutcomeUnknown),
            ],
        };
}
