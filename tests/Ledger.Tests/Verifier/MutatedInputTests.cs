using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.SystemTests;
using Ledger.Tests.Contracts.Transparency.Proofs;
using Ledger.Tests.Contracts.Transparency;

namespace Ledger.Tests.Verifier;

/// <summary>
/// The two checkers agree on keys, policies, kept checkpoints and consistency proofs that were changed at random: which of them can be
/// read, and what a proof is by them.
/// </summary>
[Trait("cost", "slow")]
public sealed class MutatedInputTests
{
    private static readonly ProofLog s_log = ProofLog.Of(SampleJobs.Retried, [3, 0, 2]);
    private static readonly NoteSigner s_other = new(
        "witness.example/other", NoteKeyType.Cosignature, [.. Enumerable.Repeat((byte)77, 32)]);

    private static readonly string s_policy =
        $"# two witnesses\nlog {ProofLog.Key.Verifier} https://log.example\nlog {GoldenLog.Vkey}\n\nwitness a "
        + $"{ProofLog.Witness.Verifier}\n\twitness b {s_other.Verifier} https://b.example \n"
        + "group one 1 a\ngroup all all one b\ngroup none-of-them any all\nquorum one\n";

    [SkippableFact]
    public async Task Which_input_can_be_read_and_what_a_proof_is_by_it()
    {
        Requires.That(BrowserVerifier.IsInstalled, BrowserVerifier.Missing);
        var requests = new List<BrowserRequest> { await HonestAsync() };
        for (var i = 0; i < 500; i++)
            requests.Add(Change(requests[0], Chance.Of(i), i % 5));
        var ours = new List<string>();
        foreach (var request in requests)
            ours.Add(await BothVerifiers.SaidOfAsync(request));
        Assert.StartsWith("holds", ours[0], StringComparison.Ordinal);
        foreach (var verdict in new[] { "holds", "fails", "unchecked" })
            Assert.InRange(ours.Count(said => said.StartsWith(verdict, StringComparison.Ordinal)), 10, 460);
        var browsers = await BrowserVerifier.CheckAsync(requests);
        for (var i = 0; i < requests.Count; i++)
            Assert.True(
                ours[i] == BothVerifiers.Said(browsers[i]),
                $"{ours[i]}\n{BothVerifiers.Said(browsers[i])}\n{Encoding.UTF8.GetString(requests[i].Policy!)}\n{requests[i]}");
    }

    private static async Task<BrowserRequest> HonestAsync()
    {
        var kept = ProofLog.Sign(new Checkpoint(ProofLog.Key.Verifier.Name, 5, s_log.Tree.Root(0, 5)));
        var consistency = new AddCheckpointRequest(
            5, await ConsistencyProof.ProveAsync(5, s_log.Size, s_log.Tree.Nodes), ProofLog.Sign(s_log.Checkpoint));
        return new BrowserRequest(
            Encoding.UTF8.GetBytes(await s_log.JobProofAsync()), ProofLog.Key.Verifier.ToString(), [ProofLog.Witness.Verifier.ToString()],
            Encoding.UTF8.GetBytes(kept.ToString()), Encoding.UTF8.GetBytes(consistency.ToString()), Encoding.UTF8.GetBytes(s_policy));
    }

    private static BrowserRequest Change(BrowserRequest honest, Chance chance, int which) => which switch
    {
        0 => honest with { Key = Changed(honest.Key, chance) },
        1 => honest with { Witnesses = [Changed(honest.Witnesses[0], chance)] },
        2 => honest with { Older = chance.Change(honest.Older!) },
        3 => honest with { Consistency = chance.Change(honest.Consistency!) },
        _ => honest with { Policy = chance.Below(2) == 0 ? chance.Change(honest.Policy!) : ChangeWords(chance) },
    };

    private static string Changed(string text, Chance chance) => Encoding.UTF8.GetString(chance.Change(Encoding.UTF8.GetBytes(text)));

    /// <summary>One word of the policy for another of its words, or a line for another.</summary>
    private static byte[] ChangeWords(Chance chance)
    {
        var separator = chance.Below(2) == 0 ? ' ' : '\n';
        var words = s_policy.Split(separator);
        words[chance.Below(words.Length)] = words[chance.Below(words.Length)];
        return Encoding.UTF8.GetBytes(string.Join(separator, words));
    }
}
