using System.Text;
using Ledger.Audit;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Audit;

/// <summary>The audit and the verifier go by one rule book, and the audit goes on where the verifier stops.</summary>
public sealed class JobRulesTests
{
    private static readonly SampleJob s_job = SampleJobs.Retried;

    [Fact]
    public void Each_event_has_one_finding_at_most_and_what_follows_is_checked_too() => Assert.Equal(
        [
            (4, "the deletion of conversation 0 was not confirmed"), (8, "the deletion of conversation 2 was not confirmed"),
            (9, "the job says that it ended as 'failed', which its outcomes contradict"),
        ],
        Audit(s_job.Edited(all => all.Select(e => e.Event switch
        {
            ConversationDeleted deleted => (deleted with { ConfirmedAbsent = false }, e.At),
            Completed end => (end with { Outcome = JobOutcome.Failed, Deleted = 7 }, e.At),
            _ => e,
        })).Stored).Select(found => (found.Version, found.Rule.Found)));

    [Fact]
    public void Counts_that_differ_are_told_beside_those_of_the_outcomes()
    {
        var (version, rule) = Assert.Single(Audit(s_job.With<Completed>(end => end with { Deleted = 1 }).Stored));
        Assert.Equal(9, version);
        Assert.StartsWith("3 conversations: 2 deleted", rule.Expected, StringComparison.Ordinal);
        Assert.StartsWith("3 conversations: 1 deleted", rule.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "conversation 1 was skipped at ")]
    [InlineData(5, "conversation 2 failed at ")]
    public void An_outcome_outside_its_opening_is_a_finding(int at, string told)
    {
        var changed = s_job.Edited(all => all.Select((e, i) => i == at ? (e.Event, SampleJob.Night.AddHours(9)) : e));
        Assert.StartsWith(told, Assert.Single(Audit(changed.Stored)).Rule.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_is_not_the_one_committed_to_is_told_when_every_ordinal_has_an_outcome()
    {
        var changed = s_job.With<ConversationDeleted>(deleted => deleted with { Commitment = SampleJob.Commit(9) });
        Assert.Contains("the list with the root", Assert.Single(Audit(changed.Stored)).Rule.Expected, StringComparison.Ordinal);
        Assert.Empty(Audit(changed.Stored.Take(5)));
    }

    /// <summary>What the audit finds beyond a verifier is the one rule that a proof's reader cannot ask for.</summary>
    [Fact]
    [Trait("cost", "slow")]
    public async Task Whatever_is_changed_the_audit_has_a_finding_where_the_proof_does_not_hold()
    {
        var (refused, held) = (0, 0);
        for (var seed = 0; seed < 2_000; seed++)
        {
            var job = new SampleJob(ChangedJobs.Of(seed)) { Id = s_job.Id };
            if (job.Events is not [{ Event: Submitted }, ..])
                continue; // which identifiers its proof would disclose is not said
            var found = Audit(job.Stored);
            var problem = await Checked.ProblemAsync(await ProofLog.Of(job, []).JobProofAsync(isDisclosed: false));
            if (problem is null)
                Assert.All(found, one => Assert.Contains("outside of the window's opening", one.Rule.Found, StringComparison.Ordinal));
            // An end that is missing is no finding: the job goes on. A cancelled list's rest stands in the proof alone.
            else if (job.Events[^1].Event is Completed end
                && (end.UntouchedFrom is null || !problem.Contains("manifest", StringComparison.Ordinal)))
                Assert.True(found.Count > 0, $"{seed}: {problem}");
            (refused, held) = problem is null ? (refused, held + 1) : (refused + 1, held);
        }
        Assert.True(refused > 1_000 && held > 20, $"{refused} refused, {held} held");
    }

    private static List<(int Version, JobRule Rule)> Audit(IEnumerable<(string Type, string Data, DateTimeOffset At)> rows)
    {
        var (rules, found, version) = (new JobRules(s_job.Id), new List<(int, JobRule)>(), 0);
        foreach (var (type, data, at) in rows)
        {
            version++;
            if (rules.Check(type, Instant.Truncate(at), Encoding.UTF8.GetBytes(data)) is { } broken)
                found.Add((version, broken));
        }
        if (rules.Unfinished() is { } unfinished)
            found.Add((version, unfinished));
        return found;
    }
}
