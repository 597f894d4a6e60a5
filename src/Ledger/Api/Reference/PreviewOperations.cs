namespace Ledger.Api.Reference;

/// <summary>The description of the preview of a deletion job (contract §1).</summary>
internal static class PreviewOperations
{
    public static Operation Preview { get; } =
        new()
        {
            Tag = Tag.Jobs,
            Summary = "Preview a deletion job: the counts that it would have now, and its window.",
            Description = """
                The body is that of a submission, under the same rules, and the call counts as a submission for the rate limit. Nothing is
                recorded. An `Idempotency-Key` must have its form, and is not looked up.

                The job resolves its list when it runs, so its counts can differ from those of today.
                """,
            Parameters = [Parameters.BotId, Parameters.IdempotencyKey],
            Request = JobOperations.Request,
            Answers =
            [
                Answer.Json(
                    200,
                    "The counts.",
                    "Preview",
                    Example.Json(
                        "one of three is skipped",
                        """
                        {"requestType":"cId",
                         "window":{"name":"default","opens":"2026-05-08T18:00:00.000Z","closes":"2026-05-09T02:00:00.000Z",
                                   "plannedAt":"2026-05-08T18:00:00.000Z"},
                         "result":{"totalConversations":3,"deletableCount":2,"skippedCount":1,"skipped":{"retention":1}}}
                        """
                    )
                ),
            ],
            Refusals =
            [
                .. JobOperations.BrokenRules,
                JobOperations.WindowIsOver,
                Refused.TooManySubmits,
                new("took too long", "The list is too long to be counted at once. Nothing was recorded.", PreviewEndpoint.TookTooLong),
            ],
        };
}
