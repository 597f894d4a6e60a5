using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>The values of the public formats, reproduced byte for byte.</summary>
public sealed class GoldenTests
{
    /// <summary>The first seven of the test log's fifteen entries; the others are known by their hashes only.</summary>
    private static readonly string[] s_entries = ["one", "two", "three", "four", "five", "six", "seven"];

    private static readonly string[] s_path =
    [
        "ThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=", "ycRkkNklus5eMVRUvkD1pK321vMrA+jjOiZKU8aOcY4=",
        "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=", "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=",
    ];

    private static readonly MemoryTree s_tree = MemoryTree.Of(
        s_entries.Select(entry => MerkleTree.LeafHash(Encoding.ASCII.GetBytes(entry))));

    private static byte[] Root15 => Checkpoint.Parse(SignedNote.Parse(GoldenLog.Checkpoint15).Text).Root;

    [Fact]
    public void The_test_logs_checkpoint_is_signed_again_byte_for_byte()
    {
        var key = NoteVerifier.Parse(GoldenLog.Vkey);
        Assert.Equal(GoldenLog.Vkey, GoldenLog.Signer.Verifier.ToString());
        var note = SignedNote.Parse(GoldenLog.Checkpoint15);
        var checkpoint = Checkpoint.Open(note, key);
        Assert.Equal(("example.com/log/testdata", 15), (checkpoint.Origin, (int)checkpoint.Size));
        Assert.Equal(GoldenLog.Checkpoint15, new SignedNote(checkpoint.Text, [GoldenLog.Signer.Sign(checkpoint.Text)]).ToString());
    }

    [Theory]
    [InlineData(GoldenLog.Vkey, "example.com/log/testdata", 0x33d7b496, "e1d3bb843784420c1cda9ce9f01232cab7aca371dbcd0d23ea0ee710859244b1")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "example.com/foo", 0x530d903a, "e932791ae6e7a840a46164c904786426d5e7821dd8b29a00d61cae72afdd4da4")]
    public void Published_keys_are_read(string vkey, string name, uint id, string publicKey)
    {
        var key = NoteVerifier.Parse(vkey);
        Assert.Equal((name, id, NoteKeyType.Ed25519, publicKey), (key.Name, key.KeyId, key.Type, Convert.ToHexStringLower(key.PublicKey)));
        Assert.Equal(vkey, key.ToString());
    }

    /// <summary>The note that the specification shows: its text has an empty line of its own.</summary>
    [Fact]
    public void The_specifications_note_is_read()
    {
        const string Note = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
            + "— quasimodo.example/salvatore "
            + "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        var note = SignedNote.Parse(Note);
        Assert.EndsWith("\n\ned è subito sera.\n", note.Text, StringComparison.Ordinal);
        Assert.Equal(("quasimodo.example/salvatore", 0x367ba04bu), (note.Signatures.Single().Name, note.Signatures[0].KeyId));
        Assert.Equal(Note, note.ToString());
    }

    [Fact]
    public void The_empty_trees_checkpoint_is_known()
    {
        Assert.Equal("x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", new Checkpoint("x", 0, MerkleTree.EmptyRoot()).Text);
        Assert.Throws<FormatException>(() => Checkpoint.Parse("x\n0\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=\n"));
    }

    [Fact]
    public void The_test_logs_proofs_hold()
    {
        byte[][] path = [.. s_path.Select(Convert.FromBase64String)];
        Assert.True(InclusionProof.Check(6, 15, MerkleTree.LeafHash("seven"u8), path, Root15));
        Assert.Equal(s_path[1..3], new[] { s_tree.Root(4, 6), s_tree.Root(0, 4) }.Select(Convert.ToBase64String));
        string[] proof =
        [
            "+aOLtO2sRhNENZkJokiDScXfm3SIduSzvll41DTaUUI=", "UaHiSrgbkmaCsusBntn9ux0S2PsqH1y6DHQAxe6wrPg=",
            "Oy+stN8Ie64lJ90ILA9yEeOWSzBgC+6RjoKksiWsR7Y=", "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY=",
        ];
        Assert.True(
            ConsistencyProof.Check(
                10, 15, Convert.FromBase64String("y8/gZsZCtitsMan09tY+k8I7Qpr7Y5fbO2tLi9GQnfU="), Root15,
                [.. proof.Select(Convert.FromBase64String)])
        );
    }

    [Fact]
    public void The_tlog_proof_of_seven_is_reproduced()
    {
        var proof = new TlogProof(null, 6, [.. s_path.Select(Convert.FromBase64String)], GoldenLog.Checkpoint15).ToString();
        Assert.Equal(408, Encoding.UTF8.GetByteCount(proof));
        Assert.Equal(
            "25d90ac4aacc32f4d292ac6a80b940e537b1b1f2fd738bd465849a47c07d3ecb",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(proof))));
    }

    [Fact]
    public void The_test_logs_first_bundle_and_tile_are_reproduced()
    {
        var bundle = new ArrayBufferWriter<byte>();
        foreach (var entry in s_entries[..3])
            TileId.AppendTo(bundle, Encoding.ASCII.GetBytes(entry));
        Assert.Equal("00036f6e65000374776f00057468726565", Convert.ToHexStringLower(bundle.WrittenSpan));
        Assert.Equal(s_entries[..3], TileId.ReadBundle(bundle.WrittenMemory).Select(entry => Encoding.ASCII.GetString(entry.Span)));
        // tile/0/000.p/1
        Assert.Equal("d0d7360ab79f58ab1e1e3fe64ad77e2ea0bc07e36b5f46ed2223edd9298df9e9", Convert.ToHexStringLower(s_tree.Root(0, 1)));
    }

    [Fact]
    public void The_witness_cosignature_is_reproduced()
    {
        var witness = new NoteSigner("witness.example/w1", NoteKeyType.Cosignature, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        Assert.Equal("witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", witness.Verifier.ToString());
        var text = SignedNote.Parse(GoldenLog.Checkpoint15).Text;
        var cosignature = witness.Cosign(text, 1679315147);
        Assert.Equal(
            "— witness.example/w1 519lMgAAAABkGFDLo0vvaVMnQBetpNUCKKILroiWxoSAyyV9iB/cgczFo9ONQdSuKdatX9+k2ggtjAKaVSHrTWaVvipK5HiRqnepAA==",
            cosignature.ToString());
        Assert.Equal(
            DateTimeOffset.FromUnixTimeSeconds(1679315147),
            Cosignature.At(SignedNote.Parse(GoldenLog.Checkpoint15).With(cosignature).SignedBy(witness.Verifier)[witness.Verifier]));
    }

    /// <summary>RFC 8032 §7.1, tests 1 to 3.</summary>
    [Theory]
    [InlineData("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void Ed25519_is_RFC_8032s(string seed, string publicKey, string message, string signature)
    {
        Assert.Equal(publicKey, Convert.ToHexStringLower(Ed25519.PublicKey(Convert.FromHexString(seed))));
        Assert.Equal(signature, Convert.ToHexStringLower(Ed25519.Sign(Convert.FromHexString(seed), Convert.FromHexString(message))));
        Assert.True(Ed25519.Verify(Convert.FromHexString(publicKey), Convert.FromHexString(message), Convert.FromHexString(signature)));
        Assert.False(
            Ed25519.Verify(Convert.FromHexString(publicKey), [.. Convert.FromHexString(message), 0], Convert.FromHexString(signature)));
        Assert.False(
            Ed25519.Verify(Convert.FromHexString(publicKey), Convert.FromHexString(message), Convert.FromHexString(signature).AsSpan(0, 63))
        );
        Assert.False(
            Ed25519.Verify(Convert.FromHexString(publicKey).AsSpan(0, 31), Convert.FromHexString(message), Convert.FromHexString(signature))
        );
    }

    /// <summary>
    /// RFC 8032 §5.1.7: a signature has one form. S plus the order of the group, which satisfies the same equation, is another one.
    /// </summary>
    [Fact]
    public void Ed25519_takes_no_second_form_of_a_signature()
    {
        var seed = new byte[Ed25519.KeySize];
        var signature = Ed25519.Sign(seed, [1]);
        Assert.True(Ed25519.Verify(Ed25519.PublicKey(seed), [1], signature));
        var order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);
        var s = new BigInteger(signature.AsSpan(32), isUnsigned: true) + order;
        Assert.True(s.TryWriteBytes(signature.AsSpan(32), out _, isUnsigned: true));
        Assert.False(Ed25519.Verify(Ed25519.PublicKey(seed), [1], signature));
    }

    /// <summary>Lengths around the block of 64 bytes and its padding.</summary>
    [Fact]
    public void Managed_hashes_are_the_platforms() => Assert.All(
        Enumerable.Range(0, 300).Select(length => RandomNumberGenerator.GetBytes(length)),
        message => Assert.Equal(SHA256.HashData(message), Sha256.Managed(message)));
}
