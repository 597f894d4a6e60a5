using Ledger.Web;

namespace Ledger.Api.Reference;

/// <summary>The description of the cancellation of a deletion job (contract §6).</summary>
internal static class CancelOperations
{
    private const string Cancelled = """
        {"jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","status":"cancelled","phase":"done","requestType":"cId",
         "submittedAt":"2026-05-08T06:22:56.097Z","scheduledAt":"2026-05-08T18:00:00.000Z","startedAt":"2026-05-08T18:00:00.412Z","completedAt":"2026-05-08T18:00:01.038Z",
         "result":{"totalConversations":3000,"processedCount":1024,"deletedCount":1024,"failedCount":0,"skippedCount":0,"retriesRemaining":3,
                   "deletedItems":{"messages":31744,"transcripts":1024,"recordings":0,"attachments":0,"logs":2048},"skipped":{}}}
        """;

    public static Operation Cancel { get; } =
        new()
        {
            Tag = Tag.Jobs,
            Summary = "Cancel a deletion job.",
            Description = """
                The job has ended, as `cancelled`, when the answer is sent: nothing more is deleted by it. Before its start nothing was
                deleted. In mid-job the batch that is under way is waited for, and no other begins. What was deleted by then stays deleted.
                The answer's counts, and the job's events and proof, say how far it had come.

                Conversations that were not touched are in `totalConversations` and in no other count. If a retry was under way, those that
                it still owed are counted as skipped, for the reason `cancelled`.
                """,
            Parameters = [Parameters.BotId, Parameters.JobId],
            Answers =
            [
                Answer.Json(202, "Cancelled: the status document.", "JobStatus", Example.Json("cancelled in mid-job", Cancelled)) with
                {
                    Headers =
                    [
                        new Header(
                            "Location", "The job's status.",
                            $"/api/public/bot/{Parameters.SampleBot}/conversations/delete/{Parameters.SampleJob}"),
                    ],
                },
            ],
            Refusals =
            [
                new("a body", "The body is not empty, or there is a query parameter.", CancelEndpoint.NotEmpty),
                Refused.UnknownJob,
                new(
                    "too late", "The job has ended, cancelled or not.",
                    CancelEndpoint.TooLate("the job has ended, as completed: there is nothing to cancel")),
                new("key gone", "The job's key was destroyed in the middle of a retry.", CancelEndpoint.KeyGone),
                Refused.LostRace,
                new(
                    "outcome unknown",
                    "The database went away, so that nobody knows whether the job is cancelled (code 5031): repeat the request. If it was "
                    + "cancelled, the answer is then 409 and says so.",
                    Errors.OutcomeUnknown),
            ],
        };
}
