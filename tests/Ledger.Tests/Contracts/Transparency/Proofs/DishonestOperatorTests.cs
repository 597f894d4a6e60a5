using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>The log is valid and signed, and what it records breaks a rule: each is found and named.</summary>
public sealed class DishonestOperatorTests
{
    /// <summary>Its events: submitted, scheduled, started, deleted 0, skipped 1, failed 2, scheduled, deleted 2, completed.</summary>
    private static readonly SampleJob s_job = SampleJobs.Retried;

    private static readonly SampleJob s_cancelled = SampleJobs.Of(7, true, [1, 1, 4]);

    private static readonly SampleJob s_twiceFailed = SampleJobs.Of(3, true, [3, 3]);

    [Fact]
    public async Task The_job_itself_is_honest() => await Checked.HoldsAsync(await ProofLog.Of(s_job, [1, 0, 2, 0, 1]).JobProofAsync());

    [Theory]
    [InlineData(0, "a job's first event")]
    [InlineData(1, "an event of attempt 1 where attempt 0 was planned")]
    [InlineData(2, "before the list was resolved")]
    [InlineData(3, "the outcome of conversation 0 is missing")]
    [InlineData(4, "the outcome of conversation 1 is missing")]
    [InlineData(5, "a plan that does not follow")]
    [InlineData(6, "an event of attempt 2 where attempt 1 was planned")]
    [InlineData(7, "which its outcomes contradict")]
    [InlineData(8, "the job's last event, which ends it, is missing")]
    public Task An_event_was_never_recorded(int at, string why) =>
        Checked.FailsAsync(s_job.Edited(events => events.Where((_, i) => i != at)), why);

    [Theory]
    [InlineData(0, "a job's first event, and no other")]
    [InlineData(1, "a plan that does not follow")]
    [InlineData(2, "resolved twice")]
    [InlineData(3, "the outcome of conversation 1 is missing: 0 comes in its place")]
    [InlineData(4, "the outcome of conversation 2 is missing: 1 comes in its place")]
    [InlineData(5, "more than one outcome in one attempt")]
    [InlineData(6, "a plan that does not follow")]
    [InlineData(7, "more than one outcome in one attempt")]
    [InlineData(8, "an event follows the job's end")]
    public Task An_event_was_recorded_twice(int at, string why) =>
        Checked.FailsAsync(s_job.Edited(events => [.. events.Take(at + 1), .. events.Skip(at)]), why);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(9)]
    public async Task An_event_is_in_the_log_and_not_in_the_proof(int version) =>
        await Checked.FailsAsync(
            await ProofLog.Of(s_job, [1, 0, 2]).Hiding(version).JobProofAsync(),
            version == 9 ? "the job's last event, which ends it, is missing" : $"event {version} of the job is missing");

    [Fact]
    public async Task An_outcome_is_of_another_conversation_than_was_committed_to()
    {
        await Checked.FailsAsync(
            s_job.With<ConversationDeleted>(deleted => deleted with { Commitment = SampleJob.Commit(9) }),
            "the disclosed conversation ids are not those");
        var edited = s_job.With<ConversationDeleted>(deleted => deleted with { Commitment = SampleJob.Commit(9) });
        await Checked.FailsAsync(await ProofLog.Of(edited, []).JobProofAsync(isDisclosed: false), "manifest root");
        await Checked.FailsAsync(
            s_job.With<Started>(started => started with { ManifestRoot = new byte[32] }),
            "the list of conversations is not the one that was requested");
        await Checked.FailsAsync(s_twiceFailed.With<Started>(started => started with { ManifestRoot = new byte[32] }), "manifest root");
    }

    [Fact]
    public async Task A_retry_is_of_other_conversations_than_those_that_failed()
    {
        await Checked.FailsAsync(
            Retry(s_job, 7, deleted => deleted with { Commitment = SampleJob.Commit(9) }), "other conversations than those that failed");
        await Checked.FailsAsync(Retry(s_job, 7, deleted => deleted with { Ordinal = 1 }), "other conversations than those that failed");
        // Ordinals 0 and 1 failed, 2 was deleted: the retry deletes 1 before 0, or 1 twice.
        await Checked.FailsAsync(s_twiceFailed.Edited(events => [.. events.Take(7), events[8], events[7], events[9]]), "out of order");
        await Checked.FailsAsync(
            s_twiceFailed.Edited(events => [.. events.Take(7), events[8], events[8], events[9]]), "more than one outcome");
    }

    private static SampleJob Retry(SampleJob job, int at, Func<ConversationDeleted, ConversationDeleted> change) =>
        job.Edited(events => events.Select((e, i) => i == at ? (change((ConversationDeleted)e.Event), e.At) : e));

    [Theory]
    [InlineData(-1)]
    [InlineData(8 * 3_600_000)]
    public Task A_conversation_was_deleted_outside_of_its_window(int milliseconds) =>
        Checked.FailsAsync(
            s_job.Edited(events => events.Select((e, i) => i == 3 ? (e.Event, SampleJob.Night.AddMilliseconds(milliseconds)) : e)),
            "outside of the window's opening");

    [Fact]
    public Task A_retry_deletes_in_the_window_of_the_attempt_before() =>
        Checked.FailsAsync(
            s_job.Edited(events => events.Select((e, i) => i == 7 ? (e.Event, SampleJob.Night.AddHours(1)) : e)),
            "outside of the window's opening");

    [Fact]
    public Task A_plan_lies_outside_of_its_own_window() =>
        Checked.FailsAsync(s_job.With<Scheduled>(plan => plan with { PlannedAt = plan.Window.Closes }), "outside of its window");

    [Fact]
    public async Task Less_was_listed_than_was_asked_for()
    {
        var asked = SampleJob.Night.AddYears(-6);
        await Checked.FailsAsync(
            s_twiceFailed.With<Submitted>(request => request with { From = asked }), "another range than the one that was requested");
        await Checked.FailsAsync(
            s_twiceFailed.With<Started>(started => started with { From = null }), "another range than the one that was requested");
        await Checked.FailsAsync(
            s_job.With<Started>(started => started with { From = asked }), "another range than the one that was requested");
        await Checked.FailsAsync(s_job.With<Submitted>(request => request with { From = asked }), "the request's range is none");
        await Checked.FailsAsync(s_twiceFailed.With<Submitted>(request => request with { To = null }), "the request's range is none");
        await Checked.FailsAsync(
            s_job
                .With<Started>(started => started with { RetainedFrom = null })
                .With<ConversationSkipped>(skipped => skipped with { Reason = SkipReason.Retention }),
            "knows no end of retention"
        );
    }

    [Fact]
    public async Task The_counts_are_not_the_sums_of_the_outcomes()
    {
        foreach (
            var change in (Func<Completed, Completed>[])
                [
                    end => end with { Deleted = end.Deleted + 1 }, end => end with { Failed = 1 }, end => end with { Conversations = 4 },
                    end => end with { Items = end.Items + new ItemCounts(1) },
                    end => end with { Skipped = new Dictionary<SkipReason, long>() },
                    end => end with { Skipped = new Dictionary<SkipReason, long> { [SkipReason.NotFound] = 1 } },
                    end => end with { Skipped = new Dictionary<SkipReason, long>(end.Skipped) { [SkipReason.NotFound] = 0 } },
                    end => end with { Skipped = new Dictionary<SkipReason, long> { [SkipReason.Retention] = 0 } },
                ]
        )
        {
            await Checked.FailsAsync(s_job.With(change), "are not the sums");
        }
    }

    [Theory]
    [InlineData(JobOutcome.Failed, null)]
    [InlineData(JobOutcome.Cancelled, null)]
    [InlineData(JobOutcome.Completed, 3L)]
    [InlineData(JobOutcome.Cancelled, 2L)]
    public Task The_end_is_not_what_the_outcomes_say(JobOutcome outcome, long? untouchedFrom) =>
        Checked.FailsAsync(
            s_job.With<Completed>(end => end with { Outcome = outcome, UntouchedFrom = untouchedFrom }), "which its outcomes contradict");

    [Fact]
    public async Task A_job_that_left_conversations_alone_calls_itself_completed()
    {
        await Checked.FailsAsync(
            s_cancelled.With<Completed>(end => end with { Outcome = JobOutcome.Completed, UntouchedFrom = null }),
            "which its outcomes contradict");
        await Checked.FailsAsync(
            SampleJobs.Of(1, true, [3, 3, 3, 3]).With<Completed>(end => end with { Outcome = JobOutcome.Completed }),
            "which its outcomes contradict");
        await Checked.FailsAsync(
            SampleJobs.Unresolved().With<Completed>(end => end with { Outcome = JobOutcome.Completed }), "which its outcomes contradict");
        // A cancelled retry that was begun must have come to its end.
        await Checked.FailsAsync(
            s_twiceFailed.Edited(events =>
                [
                    .. events.Take(8),
                    (
                        ((Completed)events[9].Event) with { Outcome = JobOutcome.Cancelled, UntouchedFrom = 3, Deleted = 2, Failed = 1 },
                        events[9].At),
                ]
            ),
            "which its outcomes contradict"
        );
    }

    [Fact]
    public async Task A_retry_that_was_not_begun_may_be_cancelled()
    {
        var before = s_twiceFailed.Events.Take(6).Select(e => e.Event).OfType<ConversationDeleted>().Single();
        var job = s_twiceFailed.Edited(events =>
            [
                .. events.Take(7),
                (new Completed(JobOutcome.Cancelled, 3, 1, 2, new Dictionary<SkipReason, long>(), before.Items, 3), events[7].At),
            ]
        );
        Assert.Equal(
            (2, 0),
            (
                (await Checked.JobAsync(await ProofLog.Of(job, [1]).JobProofAsync())) is var report
                    ? ((int)report.Failed, (int)report.Untouched)
                    : default
            )
        );
    }

    [Fact]
    public async Task A_deletion_was_not_confirmed() =>
        await Checked.FailsAsync(s_job.With<ConversationDeleted>(deleted => deleted with { ConfirmedAbsent = false }), "was not confirmed");

    [Fact]
    public async Task The_list_is_not_the_requested_one()
    {
        await Checked.FailsAsync(
            s_job.With<Submitted>(request => request with { Commitments = [.. request.Commitments.Reverse()] }),
            "not the one that was requested");
        await Checked.FailsAsync(
            s_job.With<Submitted>(request => request with { Commitments = [.. request.Commitments, SampleJob.Commit(3)] }),
            "not the one that was requested");
        await Checked.FailsAsync(
            s_job.With<Submitted>(request =>
                request with { Commitments = [request.Commitments[0], request.Commitments[0], request.Commitments[2]] }
            ),
            "different conversation ids"
        );
        await Checked.FailsAsync(s_cancelled.With<Submitted>(request => request with { Commitments = [] }), "does not commit to one cId");
    }

    [Theory]
    [InlineData("conversation_deleted", "{\"attempt\":1}")]
    [InlineData("conversation_skipped", "{\"commitment\":\"AAAA\",\"ordinal\":1,\"reason\":\"retention\"}")]
    [InlineData("conversation_skipped", "{\"commitment\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"ordinal\":1,\"reason\":\"retention\",\"note\":1}")]
    [InlineData("conversation_skipped", "{\"commitment\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"ordinal\":1,\"reason\":1}")]
    [InlineData("conversation_skipped", "{\"commitment\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"ordinal\":1,\"reason\":77}")]
    [InlineData("submitted", "{\"bot\":\"b\",\"client\":\"c\",\"commitments\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"],\"requestType\":77}")]
    [InlineData("failed", "{\"ordinal\":1,\"reason\":\"locked\",\"attempt\":1,\"retriesRemaining\":3}")]
    [InlineData("scheduled", "{}")]
    [InlineData("scheduled", "null")]
    [InlineData("completed", "[]")]
    [InlineData("client_revoked", "{\"client\":\"cs-1\",\"actor\":\"ada\"}")]
    public async Task An_event_is_not_what_its_type_says(string type, string data)
    {
        var problem = await Checked.ProblemAsync(await ProofLog.Of(s_job.Inserting(4, type, data), []).JobProofAsync());
        Assert.True(
            problem is not null
                && (
                    problem.Contains("does not have the members", StringComparison.Ordinal)
                    || problem.Contains("not an event of a job", StringComparison.Ordinal)
                ),
            problem
        );
    }

    /// <summary>By ids and by cId are checked each in its own way; what is neither would be checked in none.</summary>
    [Fact]
    public async Task A_request_of_no_known_type_is_none()
    {
        var honest = s_job.Stored[0];
        var data = honest.Data.Replace("\"conversationIds\"", "77", StringComparison.Ordinal);
        Assert.NotEqual(honest.Data, data);
        var job = new SampleJob(s_job.Events) { Id = s_job.Id, Stored = [(honest.Type, data, honest.At), .. s_job.Stored.Skip(1)] };
        await Checked.FailsAsync(job, "does not have the members");
    }

    [Fact]
    public async Task An_event_of_another_job_is_shown() =>
        await Checked.FailsAsync(
            (await ProofLog.Of(s_job, []).JobProofAsync()).Replace(
                $"\njob {s_job.Id}\n", $"\njob {JobId.FromRandomness(Enumerable.Repeat((byte)1, 32).ToArray())}\n",
                StringComparison.Ordinal),
            "another stream"
        );

    [Fact]
    public async Task A_disclosure_is_wrong_missing_or_out_of_order()
    {
        var proof = await ProofLog.Of(s_cancelled, []).JobProofAsync();
        var lines = proof.Split('\n').ToList();
        var first = lines.FindIndex(line => line.StartsWith("disclosures", StringComparison.Ordinal)) + 1;
        await Checked.FailsAsync(
            proof.Replace("conversation-1", "conversation-2", StringComparison.Ordinal), "are not those that the outcomes are of");
        await Checked.FailsAsync(proof.Replace("u-é", "u-e", StringComparison.Ordinal), "the disclosed cId is not the one");
        await Checked.FailsAsync(
            Lines([.. lines[..(first - 1)], "disclosures 2", .. lines[first..(first + 2)], .. lines[(first + 3)..]]),
            "all identifiers or none");
        await Checked.FailsAsync(
            Lines([.. lines[..(first + 1)], lines[first + 2], lines[first + 1], .. lines[(first + 3)..]]),
            "the disclosure of conversation 0 was expected");
        await Checked.FailsAsync(
            Lines([.. lines[..first], lines[first + 1], lines[first], .. lines[(first + 2)..]]), "the disclosure of the cId was expected");
        await Checked.FailsAsync(
            proof.Replace("{\"id\":\"conversation-1\"", "{\"id\": \"conversation-1\"", StringComparison.Ordinal), "canonical form");

        static string Lines(IEnumerable<string> lines) => string.Join('\n', lines);
    }

    [Fact]
    public async Task The_rest_of_the_manifest_is_wrong_or_missing()
    {
        var lines = (await ProofLog.Of(s_cancelled, []).JobProofAsync()).Split('\n');
        var at = Array.FindIndex(lines, line => line == "manifest-rest 3");
        await Checked.FailsAsync(
            string.Join('\n', [.. lines[..at], "manifest-rest 0", .. lines[(at + 4)..]]),
            "the rest of the manifest has 3 hashes, and not 0");
        await Checked.FailsAsync(string.Join('\n', [.. lines[..(at + 1)], lines[at + 2], .. lines[(at + 2)..]]), "manifest root");
    }

    [Fact]
    public async Task The_checkpoint_is_signed_by_another_key_of_another_log_or_not_witnessed()
    {
        var log = ProofLog.Of(s_job, [1]);
        var (checkpoint, proof) = (log.Checkpoint, await log.JobProofAsync());
        var other = new NoteSigner(ProofLog.Key.Verifier.Name, NoteKeyType.Ed25519, new byte[32]);
        await Checked.FailsAsync(
            await log.JobProofAsync(note: new SignedNote(checkpoint.Text, [other.Sign(checkpoint.Text)]).ToString()),
            "is not signed by the key");
        await Checked.FailsAsync(
            proof, "the checkpoint is of the log 'log.example/t', and the key is of 'other.example'",
            Trust.Parse(new NoteSigner("other.example", NoteKeyType.Ed25519, new byte[32]).Verifier.ToString(), []));
        await Checked.FailsAsync(
            proof.Replace("\norigin log.example/t\n", "\norigin log.example/u\n", StringComparison.Ordinal), "and its checkpoint of");
        await Checked.FailsAsync(
            await log.JobProofAsync(note: new SignedNote(checkpoint.Text, [ProofLog.Key.Sign(checkpoint.Text)]).ToString()),
            "is not cosigned by the witness witness.example/w1");
        var second = new NoteSigner("witness.example/w2", NoteKeyType.Cosignature, new byte[32]);
        await Checked.FailsAsync(
            proof, "is not cosigned by the witness witness.example/w2",
            ProofLog.Trust with { Witnesses = [ProofLog.Witness.Verifier, second.Verifier] });
        var mixed = new SignedNote(
            checkpoint.Text, [ProofLog.Key.Sign(checkpoint.Text), ProofLog.Witness.Cosign((checkpoint with { Size = 5 }).Text, 1)]);
        await Checked.FailsAsync(await log.JobProofAsync(note: mixed.ToString()), "is not this key's over this text");
        Assert.Throws<FormatException>(() => Trust.Parse(ProofLog.Witness.Verifier.ToString(), []));
        Assert.Throws<FormatException>(() => Trust.Parse(ProofLog.Key.Verifier.ToString(), [ProofLog.Key.Verifier.ToString()]));
    }
}
