using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>
/// A checkpoint that a checker kept binds the log: equal sizes have equal roots, and other sizes need the log's consistency proof.
/// </summary>
public sealed class OlderCheckpointTests
{
    private static readonly ProofLog s_log = ProofLog.Of(SampleJobs.Retried, [3, 0, 2, 0, 1, 0, 0, 0, 0, 4]);

    private static SignedNote Kept(int size) => ProofLog.Sign(new Checkpoint(ProofLog.Key.Verifier.Name, size, s_log.Tree.Root(0, size)));

    private static async Task<AddCheckpointRequest> ConsistencyAsync(int older) =>
        AddCheckpointRequest.Parse(
            System.Text.Encoding.UTF8.GetBytes(
                new AddCheckpointRequest(
                    older, await ConsistencyProof.ProveAsync(older, s_log.Size, s_log.Tree.Nodes), Kept(s_log.Size)).ToString()
            )
        );

    [Fact]
    public async Task Any_older_checkpoint_of_the_log_agrees_by_its_consistency_proof()
    {
        var proof = await s_log.JobProofAsync();
        for (var older = 0; older < s_log.Size; older++)
        {
            var report = await Checked.JobAsync(
                proof, ProofLog.Trust with { Older = Kept(older), Consistency = await ConsistencyAsync(older) });
            Assert.Equal(older, report.Log.GrownFrom);
            Assert.Contains(
                report.Proven, sentence => sentence.Contains("agrees with the checkpoint that you gave", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_checkpoint_of_the_same_size_needs_no_proof() =>
        Assert.Equal(
            s_log.Size,
            (await Checked.JobAsync(await s_log.JobProofAsync(), ProofLog.Trust with { Older = Kept(s_log.Size) })).Log.GrownFrom);

    [Fact]
    public async Task A_later_checkpoint_binds_an_earlier_proof()
    {
        var earlier = ProofLog.Of(SampleJobs.Retried, [3, 0, 2, 0, 1]);
        var trust = ProofLog.Trust with { Older = Kept(s_log.Size), Consistency = await ConsistencyAsync(earlier.Size) };
        Assert.Equal(s_log.Size, (await Checked.JobAsync(await earlier.JobProofAsync(), trust)).Log.GrownFrom);
    }

    [Fact]
    public async Task A_fork_is_named()
    {
        var fork = ProofLog.Sign(new Checkpoint(ProofLog.Key.Verifier.Name, s_log.Size, new byte[32]));
        await Checked.FailsAsync(await s_log.JobProofAsync(), "has signed two different trees", ProofLog.Trust with { Older = fork });
        var rewritten = ProofLog.Sign(new Checkpoint(ProofLog.Key.Verifier.Name, 5, new byte[32]));
        await Checked.FailsAsync(
            await s_log.JobProofAsync(), "does not begin with that of 5",
            ProofLog.Trust with { Older = rewritten, Consistency = await ConsistencyAsync(5) });
    }

    [Fact]
    public async Task What_was_not_shown_is_not_taken_for_shown()
    {
        var proof = await s_log.JobProofAsync();
        await Checked.FailsAsync(proof, "was not shown", ProofLog.Trust with { Older = Kept(5) });
        await Checked.FailsAsync(
            proof, "is not from 5 leaves", ProofLog.Trust with { Older = Kept(5), Consistency = await ConsistencyAsync(4) });
        await Checked.FailsAsync(
            proof, "is not from 5 leaves",
            ProofLog.Trust with { Older = Kept(5), Consistency = (await ConsistencyAsync(5)) with { Note = Kept(9) } });
        var whole = await ConsistencyAsync(5);
        for (var i = 0; i < whole.Proof.Count; i++)
        {
            var broken = whole with { Proof = [.. whole.Proof.Select((hash, at) => at == i ? new byte[32] : hash)] };
            await Checked.FailsAsync(proof, "does not begin with that of 5", ProofLog.Trust with { Older = Kept(5), Consistency = broken });
        }
    }

    /// <summary>
    /// What is no checkpoint of the log tells nothing about a proof: it is refused as a file, before anything is checked.
    /// </summary>
    [Fact]
    public async Task A_file_that_is_not_of_this_log_is_refused_before_anything_is_checked()
    {
        var unsigned = new SignedNote(Kept(5).Text, [ProofLog.Witness.Cosign(Kept(5).Text, 1)]);
        Refused("is not signed by the key", () => ProofLog.Trust.WithOlder(Bytes(unsigned)));
        Refused("the checkpoint is of the log 'example.com/other'", () => ProofLog.Trust.WithOlder(Bytes(Signed("example.com/other"))));
        Refused("three lines", () => ProofLog.Trust.WithOlder(Bytes(new SignedNote("a note\n", [ProofLog.Key.Sign("a note\n")]))));
        Refused("is not signed by the key", () => ProofLog.Trust.WithConsistency(Bytes(new AddCheckpointRequest(5, [], unsigned))));

        // As some tools save a file.
        byte[] mark = [0xEF, 0xBB, 0xBF];
        Assert.Equal(Kept(5).ToString(), ProofLog.Trust.WithOlder([.. mark, .. Bytes(Kept(5))]).Older!.ToString());
        Assert.Equal(5, ProofLog.Trust.WithConsistency([.. mark, .. Bytes(await ConsistencyAsync(5))]).Consistency!.OldSize);
        Assert.Equal("none", ProofLog.Trust.WithPolicy([.. mark, .. "quorum none\n"u8]).Policy!.Quorum);
        Refused("it is UTF-16", () => ProofLog.Trust.WithOlder(System.Text.Encoding.Unicode.GetBytes(Kept(5).ToString())));
        Refused("it is UTF-16", () => ProofLog.Trust.WithPolicy([0xFE, 0xFF, 0, (byte)'q']));
    }

    private static byte[] Bytes(object file) => System.Text.Encoding.UTF8.GetBytes(file.ToString()!);

    private static SignedNote Signed(string origin)
    {
        var text = new Checkpoint(origin, 5, s_log.Tree.Root(0, 5)).Text;
        return new SignedNote(text, [ProofLog.Key.Sign(text)]);
    }

    private static void Refused(string why, Action read) =>
        Assert.Contains(why, Assert.Throws<FormatException>(read).Message, StringComparison.Ordinal);
}
