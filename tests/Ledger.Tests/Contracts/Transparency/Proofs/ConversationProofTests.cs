using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>One conversation's proof says what became of it, and never more.</summary>
public sealed class ConversationProofTests
{
    private static readonly ProofLog s_log = ProofLog.Of(SampleJobs.Retried, [2, 0, 1, 0, 1]);

    private static Disclosure Of(int ordinal) => SampleJob.Disclose(IdentifierKind.Conversation, ordinal) with { Ordinal = null };

    [Theory]
    [InlineData(4, 0, "Erased", "ERASED: the conversation was erased.")]
    [InlineData(5, 1, "NothingErased", "NOT ERASED: the conversation was skipped, erased by an earlier job.")]
    [InlineData(6, 2, "NothingErased", "NOT ERASED: in attempt 1, the conversation could not be erased (somebody else held a lock on it). Whether a later attempt erased it, this file does not say.")]
    [InlineData(8, 2, "Erased", "ERASED: the conversation was erased.")]
    public async Task An_outcome_is_told_as_what_it_is(int version, int ordinal, string conclusion, string headline)
    {
        var report = Assert.IsType<ConversationReport>(await Checked.HoldsAsync(await s_log.ConversationProofAsync(version, Of(ordinal))));
        Assert.Equal((conclusion, headline), (report.Conclusion.ToString(), report.Headline));
        Assert.Equal(
            ($"conversation-{ordinal}", ordinal, SampleJobs.Retried.Id.ToString()),
            (report.ConversationId, (int)report.Ordinal, report.Job));
        var output = new StringWriter();
        ReportText.Write(output, report);
        Assert.StartsWith(headline, output.ToString(), StringComparison.Ordinal);
        Assert.Contains("What this does NOT prove", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(conclusion != "Erased", output.ToString().Contains("by this outcome it was NOT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_id_it_does_not_say_whose_it_is()
    {
        var report = Assert.IsType<ConversationReport>(await Checked.HoldsAsync(await s_log.ConversationProofAsync(4, null)));
        Assert.Null(report.ConversationId);
        Assert.StartsWith("ERASED: a conversation whose id the file does not show", report.Headline, StringComparison.Ordinal);
        Assert.Contains(report.NotProven, sentence => sentence.StartsWith("Which conversation it was", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Anothers_id_entry_or_place_is_noticed()
    {
        await Checked.FailsAsync(await s_log.ConversationProofAsync(4, Of(1)), "is not the one that the entry is of");
        await Checked.FailsAsync(await s_log.ConversationProofAsync(1, null), "it records no conversation's outcome");
        await Checked.FailsAsync(await s_log.ConversationProofAsync(9, null), "it records no conversation's outcome");
        var proof = TlogProof.Parse(await s_log.ConversationProofAsync(4, Of(0)));
        var other = TlogProof.Parse(await s_log.ConversationProofAsync(5, Of(1)));
        await Checked.FailsAsync((proof with { Extra = other.Extra }).ToString(), "the entry is not in the log");
        await Checked.FailsAsync((proof with { Index = other.Index }).ToString(), "the entry is not in the log");
        await Checked.FailsAsync((proof with { Extra = null }).ToString(), "no line 'extra'");
        await Checked.FailsAsync(GoldenTlogProof(), "the checkpoint is of the log");
    }

    [Fact]
    public async Task An_unconfirmed_deletion_and_a_whole_attempts_failure_are_no_erasure()
    {
        var job = SampleJobs.Retried.With<Ledger.Contracts.Jobs.ConversationDeleted>(deleted => deleted with { ConfirmedAbsent = false });
        await Checked.FailsAsync(await ProofLog.Of(job, []).ConversationProofAsync(4, Of(0)), "was not confirmed");
        await Checked.FailsAsync(
            await ProofLog.Of(SampleJobs.Unresolved(), []).ConversationProofAsync(3, null), "it records no conversation's outcome");
    }

    private static string GoldenTlogProof() => new TlogProof(null, 0, [], GoldenLog.Checkpoint15).ToString();
}
