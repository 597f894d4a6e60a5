using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>The values of the public formats, reproduced byte for byte.</summary>
public sealed class GoldenTests
{
    [Fact]
    public void The_test_logs_checkpoint_is_signed_again_byte_for_byte()
    {
        var key = NoteVerifier.Parse(GoldenLog.Vkey);
        Assert.Equal(GoldenLog.Vkey, GoldenLog.Signer.Verifier.ToString());
        var note = SignedNote.Parse(GoldenLog.Checkpoint15);
        var checkpoint = Checkpoint.Open(note, key);
        Assert.Equal(15, checkpoint.Size);
        Assert.Equal(GoldenLog.Checkpoint15, new SignedNote(checkpoint.Text, [GoldenLog.Signer.Sign(checkpoint.Text)]).ToString());
    }

    [Fact]
    public void The_test_logs_proofs_hold()
    {
        var root = Checkpoint.Parse(SignedNote.Parse(GoldenLog.Checkpoint15).Text).Root;
        byte[][] inclusion = [.. new[] { "ThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=", "ycRkkNklus5eMVRUvkD1pK321vMrA+jjOiZKU8aOcY4=", "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=", "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=" }.Select(Convert.FromBase64String)];
        Assert.True(InclusionProof.Check(6, 15, MerkleTree.LeafHash("seven"u8), inclusion, root));
        byte[][] consistency = [.. new[] { "+aOLtO2sRhNENZkJokiDScXfm3SIduSzvll41DTaUUI=", "UaHiSrgbkmaCsusBntn9ux0S2PsqH1y6DHQAxe6wrPg=", "Oy+stN8Ie64lJ90ILA9yEeOWSzBgC+6RjoKksiWsR7Y=", "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY=" }.Select(Convert.FromBase64String)];
        Assert.True(ConsistencyProof.Check(10, 15, Convert.FromBase64String("y8/gZsZCtitsMan09tY+k8I7Qpr7Y5fbO2tLi9GQnfU="), root, consistency));
    }

    [Fact]
    public async Task Every_proof_of_every_tree_to_64_leaves_holds()
    {
        for (var size = 1; size <= 64; size++)
        {
            var tree = MemoryTree.Of(Enumerable.Range(0, size).Select(i => MerkleTree.LeafHash([(byte)i])));
            var root = await MerkleRange.RootAsync(size, tree.Nodes);
            Assert.Equal(tree.Root(0, size), root);
            for (var i = 0; i < size; i++)
                Assert.True(InclusionProof.Check(i, size, MerkleTree.LeafHash([(byte)i]), await InclusionProof.ProveAsync(i, size, tree.Nodes), root));
            for (var older = 0; older <= size; older++)
                Assert.True(ConsistencyProof.Check(older, size, tree.Root(0, older), root, await ConsistencyProof.ProveAsync(older, size, tree.Nodes)), $"{older} {size}");
        }
    }

    [Fact]
    public void The_witness_cosignature_is_reproduced()
    {
        var witness = new NoteSigner("witness.example/w1", NoteKeyType.Cosignature, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        Assert.Equal("witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", witness.Verifier.ToString());
        var text = SignedNote.Parse(GoldenLog.Checkpoint15).Text;
        var cosignature = witness.Cosign(text, 1679315147);
        Assert.Equal("— witness.example/w1 519lMgAAAABkGFDLo0vvaVMnQBetpNUCKKILroiWxoSAyyV9iB/cgczFo9ONQdSuKdatX9+k2ggtjAKaVSHrTWaVvipK5HiRqnepAA==", cosignature.ToString());
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1679315147), Cosignature.At(SignedNote.Parse(GoldenLog.Checkpoint15).With(cosignature).SignedBy(witness.Verifier)[witness.Verifier]));
    }
}
