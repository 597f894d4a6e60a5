using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>A proof checked by a policy: a quorum of its witnesses must have cosigned, and the log must be one that it trusts.</summary>
public sealed class QuorumTests
{
    private static readonly NoteSigner s_other = new(
        "witness.example/other", NoteKeyType.Cosignature, [.. Enumerable.Repeat((byte)77, 32)]);
    private static readonly ProofLog s_log = ProofLog.Of(SampleJobs.Retried, [1]);

    private static Trust By(string policy) => new(ProofLog.Key.Verifier, [], Policy: Policy.Parse(Encoding.UTF8.GetBytes(policy)));

    private static string Witnesses => $"witness a {ProofLog.Witness.Verifier}\nwitness b {s_other.Verifier}\n";

    [Fact]
    public async Task A_quorum_that_cosigned_is_named_with_its_instants()
    {
        var report = await Checked.JobAsync(await s_log.JobProofAsync(), By($"{Witnesses}group one any a b\nquorum one\n"));
        Assert.Equal(ProofLog.Witness.Verifier.Name, Assert.Single(report.Log.Witnesses).Name);
    }

    [Fact]
    public async Task Below_the_quorum_the_proof_does_not_hold() =>
        await Checked.FailsAsync(
            await s_log.JobProofAsync(), "lacks the policy's quorum", By($"{Witnesses}group both all a b\nquorum both\n"));

    [Fact]
    public async Task Another_log_than_the_policys_is_not_trusted() => await Checked.FailsAsync(
        await s_log.JobProofAsync(), "does not trust the log", By($"log {GoldenLog.Vkey}\n{Witnesses}quorum a\n"));

    [Fact]
    public async Task A_policy_that_names_the_log_is_content() =>
        Assert.Single(
            (await Checked.JobAsync(await s_log.JobProofAsync(), By($"log {ProofLog.Key.Verifier}\n{Witnesses}quorum a\n"))).Log.Witnesses);
}
