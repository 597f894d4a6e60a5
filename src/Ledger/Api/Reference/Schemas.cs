using Ledger.Contracts;
using Microsoft.OpenApi;
using static Ledger.Api.Reference.Schema;

namespace Ledger.Api.Reference;

/// <summary>The bodies of the API, by the name that <c>/openapi/v1.json</c> gives them.</summary>
internal static class Schemas
{
    public static IReadOnlyDictionary<string, OpenApiSchema> All { get; } =
        new Dictionary<string, OpenApiSchema>
        {
            ["DeletionRequest"] = new()
            {
                OneOf = [ById(), ByChannelUser()],
                Description =
                    "Which conversations to delete: those named, or a channel user's. Any other member is refused: a deletion is never "
                    + "guessed at.",
            },
            ["Accepted"] = Accepted(),
            ["JobStatus"] = JobStatus(),
            ["JobList"] = Object(
                ("jobs", ListOf(JobStatus(), "Status documents, newest first.")),
                ("next", Nullable(Text("Send it as `after` for the next page; null on the last.")))),
            ["Outcomes"] = Object(
                ("jobId", JobId()),
                ("outcomes", ListOf(Outcome(), "In ordinal order.")),
                (
                    "next",
                    Nullable(
                        Count(
                            "Send it as `after` for the next page; null on the last. A page may hold fewer than `limit` and still have a "
                            + "next one."
                        )
                    )
                )
            ),
            ["ChangeLog"] = ListOf(HistorySchemas.Entry(), "Entries in log order, oldest first."),
            ["Events"] = ListOf(HistorySchemas.Event(), "In the order of their versions."),
            ["Certificate"] = CertificateSchema.Certificate(),
            ["ConversationProofRequest"] = Closed(
                1, ("conversationId", Identifier("The conversation. It is sent in the body because ids are never part of a URL."))),
            ["Errors"] = Object(("errors", Errors())),
            ["Live"] = Object(("status", OneOf("The process answers.", "live"))),
            ["Ready"] = Object(
                ("status", OneOf("The node can do its work.", "ready")),
                ("warnings", ListOf(Text("A thing to look at."), "Such as a transaction that has been open for long. Mostly empty."))),
        };

    private static OpenApiSchema ById()
    {
        var ids = ListOf(Identifier());
        (ids.MinItems, ids.MaxItems) = (1, Limits.ConversationIdsPerRequest);
        ids.Description = "Conversations to delete, counted before duplicates are dropped. With them, dates are not even read.";
        var schema = Closed(
            1, ("conversationIds", ids), ("cId", Null()), ("startDate", new OpenApiSchema { Description = "Ignored." }),
            ("endDate", new OpenApiSchema { Description = "Ignored." }));
        schema.Title = "by id";
        return schema;
    }

    private static OpenApiSchema ByChannelUser()
    {
        const string Date = @"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$";
        var schema = Closed(1,
            ("cId", Identifier("The channel user whose conversations to delete.")),
            ("conversationIds", Null()),
            (
                "startDate",
                Nullable(
                    Text(
                        "Inclusive, by a conversation's start: `YYYY-MM-DD`, or an instant with `Z` or an offset. Unless told: the later "
                        + "of the "
                            + "channel user's and the bot's creation, and never after the channel user's first conversation.",
                        Date
                    )
                )
            ),
            (
                "endDate",
                Nullable(
                    Text(
                        "Inclusive: `YYYY-MM-DD` (to the end of that day in UTC), or an instant with `Z` or an offset. Unless told: "
                        + "today in UTC; never a later day.",
                        Date)
                )
            )
        );
        schema.Title = "by channel user";
        return schema;
    }

    private static OpenApiSchema Accepted() => Object(
        ("status", OneOf("Always this.", "queued")),
        ("jobId", JobId()),
        ("message", Text("For people.")),
        ("submittedAt", Instant("When the job was recorded.")));

    private static OpenApiSchema JobStatus() =>
        Object(
            ("jobId", JobId()),
            ("status", OneOf("`queued` until the job has ended.", "queued", "completed", "failed", "cancelled")),
            (
                "phase",
                OneOf(
                    "`waiting` for its window, `running`, `retrying` failed conversations, `paused` because its window closed, `done`.",
                    "waiting", "running", "retrying", "paused", "done")
            ),
            ("requestType", OneOf("Which kind of request it was.", "conversationIds", "cId")),
            ("submittedAt", Instant("When the job was recorded.")),
            ("scheduledAt", Nullable(Instant("When it is planned to run next, or was last."))),
            ("startedAt", Nullable(Instant("When its first attempt had its list."))),
            ("completedAt", Nullable(Instant("When it ended."))),
            ("result", Result())
        );

    private static OpenApiSchema Result()
    {
        var schema = Object(
            ("totalConversations", Count("Identified when the job started.")),
            ("processedCount", Count("Deleted, failed and skipped together.")),
            ("deletedCount", Count("Deleted, and confirmed to be gone.")),
            ("failedCount", Count("Not deleted; falls again when a retry succeeds.")),
            ("skippedCount", Count("Left alone, for a reason.")),
            ("retriesRemaining", Count("Attempts that are left after this one.")),
            ("deletedItems", Items()),
            ("skipped", Skipped()));
        schema.Description = "Counts are conversations, except in `deletedItems`.";
        return schema;
    }

    private static OpenApiSchema Outcome() =>
        Object(
            ("ordinal", Count("The conversation's place in the job's list, from 0.")),
            ("conversationId", Nullable(Text("Null once the job's key is destroyed."))),
            ("outcome", OneOf("`pending` while it has none.", "deleted", "failed", "skipped", "pending")),
            (
                "reason",
                Nullable(
                    Text(
                        "Why it was skipped (`retention`, `not_found`, `already_erased`, `legal_hold`, `cancelled`) or failed "
                        + "(`store_refused`, `locked`, `timeout`, `not_confirmed`, `list_unresolved`)."
                    )
                )
            )
        );

    private static OpenApiSchema Errors()
    {
        var errors = ListOf(
            Object(
                ("msg", Text("What is wrong and what to do. It never quotes what was sent.")),
                ("code", Count("Mostly the status; 4002 for tokens and scopes, 5031 for an unknown outcome.")))
        );
        errors.MinItems = 1;
        errors.Description = "One entry per problem found.";
        return errors;
    }
}
