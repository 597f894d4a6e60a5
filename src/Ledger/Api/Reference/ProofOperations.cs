using Ledger.Web;

namespace Ledger.Api.Reference;

/// <summary>The description of proofs' operations (contract §6).</summary>
internal static class ProofOperations
{
    private const string JobProofBegins = """
        erasure-proof/v1
        origin ledger.example.com/log
        job cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c
        checkpoint 6
        ledger.example.com/log
        19
        IDnfMnEGrdIIS7FMmjafWXSoT/7K6grMxxaLQVhe5a4=
        …
        """;

    private const string ConversationProof = """
        c2sp.org/tlog-proof@v1
        extra eyJkaXNjbG9zdXJlcyI6W…
        index 6
        Go5GpzbWodw2oEdq+49jhGCpJPlGttAfkFXAdg7LVdY=
        …

        ledger.example.com/log
        13
        inyKYJ53HfRAEwVT/Ha68TNIrEfdP2/wZnF9jAbZGfU=

        — ledger.example.com/log JcOEvb6D/5NVEeMHXwHZbH/…
        """;

    private static readonly Header FileName = new(
        "Content-Disposition", "A name for the file.", $"attachment; filename={Parameters.SampleJob}.erasure-proof");

    public static IReadOnlyList<Refused> Unprovable { get; } =
    [
        Refused.UnknownJob,
        new("unfinished job", "The job has not ended.", ProofAccess.Unfinished),
        Refused.TooManyPolls,
        new(
            "not yet covered", "No published checkpoint covers the whole job yet. Where nothing is wrong one does within a second.",
            ProofAccess.NotCovered),
        Refused.LogUnavailable,
    ];

    public static Operation OfJob { get; } =
        new()
        {
            Tag = Tag.Proofs,
            Summary = "The erasure proof of a job that has ended.",
            Description = """
                One file that shows, offline and to somebody who trusts nobody here, what became of every conversation of the job: see
                docs/verifying.md; its format is `erasure-proof/v1` of docs/formats.md.

                As long as the job's key lives the file names the conversations, and that they were disclosed is recorded. With `Delete
                Conversations` a client gets the proofs of its own jobs.
                """,
            Parameters =
            [
                Parameters.BotId, Parameters.JobId,
                Parameters.InQuery("ids", "`false` leaves the identifiers out.", Schema.OneOf("true", "false"), "false"),
            ],
            Answers =
            [
                new Answer(200, "The proof, sent as it is read.")
                {
                    Contents = [new Content("text/plain", Schema: null, Example.Text("its first lines", JobProofBegins))],
                    Headers = [FileName],
                },
            ],
            Refusals = [Refused.ByQuery("ids must be one of true, false"), .. Unprovable, Refused.LostRace],
        };

    public static Operation OfConversation { get; } =
        new()
        {
            Tag = Tag.Proofs,
            Summary = "The proof of what became of one conversation.",
            Description = """
                A `.tlog-proof` (c2sp.org/tlog-proof), which other people's tools read too. The conversation is named in the body: ids are
                never part of a URL.

                It is found by its id only while the job's key lives. With `Delete Conversations` a client gets the proofs of its own jobs.
                """,
            Parameters = [Parameters.BotId, Parameters.JobId],
            Request = new Body(
                "ConversationProofRequest",
                Example.Json("one conversation", """{"conversationId":"69eb0c87ec444445976aaaaa"}""")
            ),
            Answers =
            [
                new Answer(200, "The proof.")
                {
                    Contents = [new Content("text/plain", Schema: null, Example.Text("shortened", ConversationProof))],
                    Headers = [FileName with { Example = $"attachment; filename={Parameters.SampleJob}-6.tlog-proof" }],
                },
            ],
            Refusals =
            [
                new(
                    "a broken rule", "A rule of the body is broken: one entry per problem.",
                    new ErrorAnswer(400, "conversationId is required")),
                new("not in the job", "The job has no outcome for such a conversation.", ProofEndpoints.NotInJob),
                new(
                    "forgotten", "The job's key is destroyed, so that no conversation can be looked up by its id any more.",
                    ProofEndpoints.Forgotten),
                .. Unprovable,
            ],
        };
}
