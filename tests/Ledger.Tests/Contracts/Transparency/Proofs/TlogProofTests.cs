using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>The <c>.tlog-proof</c> format, and what ours hold in <c>extra</c>.</summary>
public sealed class TlogProofTests
{
    private static readonly byte[][] s_path = [.. new[]
    {
        "ThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=", "ycRkkNklus5eMVRUvkD1pK321vMrA+jjOiZKU8aOcY4=",
        "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=", "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=",
    }.Select(Convert.FromBase64String)];

    private static readonly TlogProof s_golden = new(null, 6, s_path, GoldenLog.Checkpoint15);

    [Fact]
    public void The_published_proof_is_written_and_read_byte_for_byte()
    {
        var text = s_golden.ToString();
        Assert.Equal(
            "25d90ac4aacc32f4d292ac6a80b940e537b1b1f2fd738bd465849a47c07d3ecb",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
        var read = TlogProof.Parse(Encoding.UTF8.GetBytes(text));
        Assert.Equal(text, read.ToString());
        Assert.Null(read.Extra);
        var root = Checkpoint.Open(SignedNote.Parse(read.Checkpoint), NoteVerifier.Parse(GoldenLog.Vkey)).Root;
        Assert.True(InclusionProof.Check(read.Index, 15, MerkleTree.LeafHash("seven"u8), read.Path, root));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Extra_is_read_as_it_was_written(bool isDisclosed)
    {
        var disclosure = isDisclosed ? new Disclosure(IdentifierKind.Conversation, null, "a \"b\" ü", new byte[32]) : null;
        var proof = new ConversationProof("{}"u8.ToArray(), disclosure);
        var read = ConversationProof.Parse(TlogProof.Parse(proof.In(6, s_path, GoldenLog.Checkpoint15).ToString()).Extra);
        Assert.Equal(proof.Encode(), read.Encode());
        Assert.Equal(disclosure?.Id, read.Disclosure?.Id);
        if (!isDisclosed)
            Assert.Equal("{\"disclosures\":[],\"entry\":\"e30=\",\"v\":1}", Encoding.UTF8.GetString(proof.Encode()));
    }

    [Theory]
    [InlineData("{\"disclosures\":[],\"entry\":\"e30=\",\"v\":2}")]
    [InlineData("{\"disclosures\":[],\"entry\":\"e30=\",\"v\":1 }")]
    [InlineData("{\"disclosures\":[],\"entry\":\"e30=\",\"v\":1,\"w\":1}")]
    [InlineData("{\"disclosures\":[],\"entry\":\"e31=\",\"v\":1}")]
    [InlineData("{\"disclosures\":{},\"entry\":\"e30=\",\"v\":1}")]
    [InlineData("{\"entry\":\"e30=\",\"v\":1}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("{\"disclosures\":[{\"id\":\"x\",\"kind\":\"cId\",\"salt\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}],\"entry\":\"e30=\",\"v\":1}")]
    [InlineData("{\"disclosures\":[{\"id\":\"x\",\"kind\":\"conversation\",\"ordinal\":0,\"salt\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}],\"entry\":\"e30=\",\"v\":1}")]
    [InlineData("{\"disclosures\":[{\"id\":\"\",\"kind\":\"conversation\",\"salt\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}],\"entry\":\"e30=\",\"v\":1}")]
    [InlineData("{\"disclosures\":[{\"id\":\"x\",\"kind\":\"conversation\",\"salt\":\"AAAA\"}],\"entry\":\"e30=\",\"v\":1}")]
    public void Another_extra_is_refused(string extra) =>
        Assert.Throws<FormatException>(() => ConversationProof.Parse(Encoding.UTF8.GetBytes(extra)));

    [Fact]
    public void Another_proof_is_refused()
    {
        var text = s_golden.ToString();
        Assert.Throws<FormatException>(() => TlogProof.Parse(text.Replace("@v1", "@v2", StringComparison.Ordinal)));
        Assert.Throws<FormatException>(() => TlogProof.Parse(text.Replace("index 6", "index 06", StringComparison.Ordinal)));
        Assert.Throws<FormatException>(() => TlogProof.Parse(text.Replace("index 6\n", "", StringComparison.Ordinal)));
        Assert.Throws<FormatException>(() => TlogProof.Parse(text.Replace("\n", "\r\n", StringComparison.Ordinal)));
        Assert.Throws<FormatException>(() => TlogProof.Parse(text.Replace("ThcgoV2DY", "ThcgoV2D ", StringComparison.Ordinal)));
        Assert.Throws<FormatException>(() => TlogProof.Parse(text + "\n"));
        Assert.Throws<FormatException>(() => TlogProof.Parse((s_golden with { Path = [.. Enumerable.Repeat(s_path[0], 64)] }).ToString()));
        Assert.Throws<FormatException>(() =>
            TlogProof.Parse((s_golden with { Extra = new byte[TlogProof.MaxBytes] }).ToString().Select(c => (byte)c).ToArray())
        );
    }
}
