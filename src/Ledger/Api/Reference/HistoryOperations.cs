using Ledger.Jobs;

namespace Ledger.Api.Reference;

/// <summary>The description of histories' operations (contract §3, §6).</summary>
internal static class HistoryOperations
{
    private const string SampleEntry = """
        {"_id":"btl-3f0d7a54-6d57-4d0e-9a3e-2f7a1c5b9e10",
         "userId":{"id":"cs-my-client","firstName":"","lastName":"","emailId":"","activationStatus":"","profColour":"","profImage":"","_id":"","orgId":""},
         "streamId":"st-my-bot","resourceId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","resourceType":"conversationDeletionJob",
         "message":"Outcomes of 3 conversations: 2 deleted, 0 failed, 1 skipped (retention 1).","createdOn":"2026-05-08T18:00:01.038Z","__v":0,
         "detail":{"type":"outcomes","firstVersion":4,"lastVersion":6,"leaves":{"first":1003,"end":1006},"deleted":2,"failed":0,"skipped":{"retention":1},
                   "items":{"messages":31,"transcripts":2,"recordings":0,"attachments":1,"logs":2}}}
        """;

    private const string SampleEvent = """
        {"version":4,"type":"conversation_deleted","at":"2026-05-08T18:00:01.038Z",
         "data":{"attempt":1,"commitment":"VVTathxYUyl4oQ/8OOC7v+unADrT5rq/cpurcAy+wXA=","confirmedAbsent":true,
                 "items":{"attachments":1,"logs":2,"messages":31,"recordings":0,"transcripts":2},"ordinal":0},
         "disclosed":{"conversationId":"69eb0c87ec444445976aaaaa"}}
        """;

    public static Operation ChangeLog { get; } =
        new()
        {
            Tag = Tag.History,
            Summary = "The bot's change log.",
            Description = """
                One entry for each recorded event of the bot and of its jobs, oldest first; the outcomes of one batch are one entry.

                To follow it, send the `_id` of the last entry seen as `fetchAfter`: no entry is ever missed or repeated, whatever is
                recorded meanwhile. An empty page means that there is nothing new yet.
                """,
            Parameters =
            [
                Parameters.BotId,
                Parameters.InQuery("offset", "The page's number, from 0; not together with `fetchAfter`.", Schema.Count(), 0),
                Parameters.Limit(ChangeLogEndpoint.MaximumLimit, ChangeLogEndpoint.MaximumLimit),
                Parameters.InQuery(
                    "startDate", "Entries from this day of UTC on.",
                    new() { Type = Microsoft.OpenApi.JsonSchemaType.String, Format = "date" }, "2026-05-04"),
                Parameters.InQuery(
                    "endDate", "Entries until the end of this day of UTC.",
                    new() { Type = Microsoft.OpenApi.JsonSchemaType.String, Format = "date" }, "2026-05-08"),
                Parameters.InQuery(
                    "fetchAfter", "The `_id` of an entry: only what came after it.", Schema.Text(pattern: "^btl-[0-9a-f-]{36}$"),
                    "btl-3f0d7a54-6d57-4d0e-9a3e-2f7a1c5b9e10"),
            ],
            Answers =
            [Answer.Json(200, "A page.", "ChangeLog", Example.Json("one entry", $"[{SampleEntry}]"), Example.Json("nothing new", "[]"))],
            Refusals =
            [
                Refused.ByQuery("limit must be a whole number from 1 to 50"),
                new("unknown entry", "`fetchAfter` is no entry of this bot's.", ChangeLogEndpoint.UnknownEntry),
            ],
        };

    public static Operation Events { get; } =
        new()
        {
            Tag = Tag.History,
            Summary = "The events of a job, by now or as of an earlier moment.",
            Description = """
                As they are recorded and logged, with the identifiers that they stand for as long as the job's key lives; that they were
                disclosed is recorded. A JSON array, or one event a line for a client that prefers
                `application/x-ndjson`; sent as it is read.
                """,
            Parameters =
            [
                Parameters.BotId, Parameters.JobId,
                Parameters.InQuery("asOf", $"Only events until then, inclusive: it {AsOf.Rule}.", Schema.Text(), "2"),
            ],
            Answers =
            [
                new Answer(200, "The events.")
                {
                    Contents =
                    [
                        new Content("application/json", "Events", Example.Json("one event", $"[{SampleEvent}]")),
                        new Content(
                            "application/x-ndjson", Schema: null,
                            Example.Text("one event a line", SampleEvent.ReplaceLineEndings("") + "\n")),
                    ],
                    Headers = [Header.VaryAccept],
                },
            ],
            Refusals =
            [
                Refused.ByQuery($"asOf {AsOf.Rule}"),
                new("neither form accepted", "`Accept` takes neither form.", EventsEndpoint.NotAcceptable),
                Refused.UnknownJob, Refused.LostRace,
            ],
        };

    public static Operation Progress { get; } =
        new()
        {
            Tag = Tag.Jobs,
            Summary = "The status document at once and at every change until the job has ended.",
            Description = """
                Server-sent events named `status`: data is the status document, id its `ETag` without the quotation marks. Every 15 seconds
                without news a comment says that the stream is still there. A client that comes back with `Last-Event-ID` is sent the
                document if it is another one. Counts as one poll of the job.

                A stream ends after 15 minutes with `retry: 1000`: come back then, as browsers do by themselves. It ends without that in
                about two seconds once its token has expired, or once the token's secret, client or grant is taken away.
                """,
            Parameters =
            [
                Parameters.BotId, Parameters.JobId,
                Parameters.InHeader("Last-Event-ID", "The id of the last event received.", Schema.Text(), Header.SampleDigest),
            ],
            Answers =
            [
                new Answer(200, "The stream.")
                {
                    Contents =
                    [
                        new Content(
                            "text/event-stream",
                            Schema: null,
                            Example.Text(
                                "the end",
                                $"event: status\nid: {Header.SampleDigest}\ndata: {JobOperations.Completed.ReplaceLineEndings("")}\n\n")
                        ),
                    ],
                },
                new Answer(204, "The job has ended, and `Last-Event-ID` says that the client knows."),
            ],
            Refusals =
            [
                Refused.UnknownJob,
                Refused.TooManyPolls,
                new("too many streams", "This node has as many streams open as it takes.", ProgressStreams.TooMany),
                new(
                    "too many streams of a client", "This client has its share of the node's streams open.",
                    ProgressStreams.TooManyOfClient),
                new("too many streams of a job", "This job has its share of the node's streams open.", ProgressStreams.TooManyOfJob),
            ],
        };
}
