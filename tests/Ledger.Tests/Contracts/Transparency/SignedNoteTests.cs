using System.Text;
using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>c2sp.org/signed-note and tlog-checkpoint: who signed, what is refused, and the limits at their edges.</summary>
public sealed class SignedNoteTests
{
    private static readonly NoteVerifier s_log = GoldenLog.Signer.Verifier;
    private static readonly SignedNote s_note = SignedNote.Parse(GoldenLog.Checkpoint15);
    private static readonly NoteSigner s_other = new("example.com/other", NoteKeyType.Ed25519, new byte[32]);

    [Fact]
    public void No_bit_of_a_checkpoint_can_be_flipped()
    {
        var note = Encoding.UTF8.GetBytes(GoldenLog.Checkpoint15);
        for (var bit = 0; bit < 8 * note.Length; bit++)
        {
            var flipped = note.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(
                IsRefused(() => Checkpoint.Open(SignedNote.Parse(flipped), s_log)), $"bit {bit} of '{Encoding.UTF8.GetString(flipped)}'");
        }
    }

    [Fact]
    public void No_checkpoint_cut_short_or_lengthened_is_one()
    {
        for (var length = 0; length < GoldenLog.Checkpoint15.Length; length++)
            Assert.True(
                IsRefused(() => Checkpoint.Open(SignedNote.Parse(GoldenLog.Checkpoint15[..length]), s_log)), $"{length} characters");
        foreach (var more in new[] { "\n", " ", "x", "\n\n", "— x\n", "— x AAAA\n", "— \n", "-- example.com AAAAAAAA\n", "\0" })
            Assert.True(IsRefused(() => Checkpoint.Open(SignedNote.Parse(GoldenLog.Checkpoint15 + more), s_log)), $"with '{more}'");
    }

    [Fact]
    public void Signatures_of_unknown_keys_are_ignored()
    {
        var note = s_note
            .With(s_other.Sign(s_note.Text))
            .With(new NoteSignature(s_log.Name, s_log.KeyId + 1, new byte[64]))
            .With(new NoteSignature("x", s_log.KeyId, [1]));
        Assert.Equal(15, Checkpoint.Open(SignedNote.Parse(note.ToString()), s_log).Size);
        Assert.Equal([s_log], note.SignedBy(s_log).Keys);
    }

    [Fact]
    public void A_known_keys_bad_signature_refuses_the_whole_note()
    {
        var bad = new NoteSignature(s_other.Verifier.Name, s_other.Verifier.KeyId, new byte[64]);
        Assert.Throws<InvalidProofException>(() => s_note.With(bad).SignedBy(s_log, s_other.Verifier));
        Assert.Throws<InvalidProofException>(() => s_note.With(s_other.Sign(s_note.Text)).With(bad).SignedBy(s_log, s_other.Verifier));
        Assert.Throws<InvalidProofException>(() => s_note.With(bad with { Bytes = [1] }).SignedBy(s_other.Verifier));
    }

    [Fact]
    public void A_note_that_no_known_key_signed_is_no_checkpoint()
    {
        Assert.Empty(s_note.SignedBy(s_other.Verifier));
        Assert.Throws<InvalidProofException>(() => Checkpoint.Open(new SignedNote(s_note.Text, [s_other.Sign(s_note.Text)]), s_log));
    }

    [Fact]
    public void A_checkpoint_of_another_log_is_refused_whoever_signed_it()
    {
        var text = new Checkpoint("example.com/third", 1, new byte[32]).Text;
        var note = new SignedNote(text, [GoldenLog.Signer.Sign(text)]);
        Assert.Throws<InvalidProofException>(() => Checkpoint.Open(note, s_log));
    }

    [Fact]
    public void Extension_lines_are_signed_and_otherwise_ignored()
    {
        var text = s_note.Text + "an extension\n";
        Assert.Equal(15, Checkpoint.Open(new SignedNote(text, [GoldenLog.Signer.Sign(text)]), s_log).Size);
        Assert.Throws<InvalidProofException>(() => Checkpoint.Open(new SignedNote(text + "more\n", [GoldenLog.Signer.Sign(text)]), s_log));
        Assert.Throws<FormatException>(() => Checkpoint.Parse(s_note.Text + "\n"));
    }

    [Fact]
    public void A_cosignature_is_over_its_time_too()
    {
        var witness = new NoteSigner("w", NoteKeyType.Cosignature, new byte[32]);
        var cosignature = witness.Cosign(s_note.Text, 1_700_000_000);
        var later = cosignature with { Bytes = [.. cosignature.Bytes[..7], (byte)(cosignature.Bytes[7] + 1), .. cosignature.Bytes[8..]] };
        Assert.Single(s_note.With(cosignature).SignedBy(witness.Verifier));
        Assert.Throws<InvalidProofException>(() => s_note.With(later).SignedBy(witness.Verifier));
        Assert.Throws<InvalidProofException>(() => s_note.With(witness.Cosign(s_note.Text, -1)).SignedBy(witness.Verifier));
        Assert.Throws<InvalidProofException>(() => s_note.With(witness.Cosign(s_note.Text, long.MaxValue)).SignedBy(witness.Verifier));
        Assert.Throws<FormatException>(() => Cosignature.At(GoldenLog.Signer.Sign(s_note.Text)));
    }

    [Fact]
    public void Keys_sign_only_what_they_are_for()
    {
        Assert.Throws<InvalidOperationException>(() => GoldenLog.Signer.Cosign(s_note.Text, 1));
        Assert.Throws<InvalidOperationException>(() => new NoteSigner("w", NoteKeyType.Cosignature, new byte[32]).Sign(s_note.Text));
    }

    [Fact]
    public void A_note_has_1_to_100_signatures()
    {
        Assert.Equal(100, SignedNote.Parse(Signed(100)).Signatures.Count);
        Assert.Throws<FormatException>(() => SignedNote.Parse(Signed(101)));
        Assert.Throws<FormatException>(() => SignedNote.Parse(Signed(0)));

        static string Signed(int times) => new SignedNote("x\n", [.. Enumerable.Repeat(s_other.Sign("x\n"), times)]).ToString();
    }

    [Fact]
    public void A_note_has_at_most_a_million_bytes()
    {
        var signature = s_note.Signatures[0].ToString();
        var room = SignedNote.MaxBytes - Encoding.UTF8.GetByteCount($"\n\n{signature}\n");
        Assert.Equal(room + 1, SignedNote.Parse(Note(new string('x', room))).Text.Length);
        Assert.Throws<FormatException>(() => SignedNote.Parse(Note(new string('x', room + 1))));
        Assert.Throws<FormatException>(() => SignedNote.Parse(Encoding.UTF8.GetBytes(Note(new string('x', room + 1)))));
        Assert.Throws<FormatException>(() => SignedNote.Parse(Note(new string('é', room - 1)))); // bytes, not characters

        string Note(string text) => $"{text}\n\n{signature}\n";
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a+b")]
    [InlineData("a\u00a0b")]
    [InlineData("a\u2003b")]
    [InlineData("a\tb")]
    [InlineData("a\u007fb")]
    public void Other_names_are_no_keys(string name)
    {
        Assert.Throws<FormatException>(() => new NoteSigner(name, NoteKeyType.Ed25519, new byte[32]));
        Assert.Throws<FormatException>(() => NoteSignature.Parse($"— {name} AAAAAAAA"));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_no_text()
    {
        foreach (var half in new[] { "a\ud800", "\udc00a", "\ud800\ud800\udc00", "\udc00\ud800" })
        {
            Other_names_are_no_keys(half);
            Assert.Throws<FormatException>(() => SignedNote.Parse($"{half}\n\n{s_note.Signatures[0]}\n"));
        }
    }

    [Fact]
    public void A_name_has_at_most_255_characters()
    {
        Assert.Equal(255, new NoteSigner(new string('x', 255), NoteKeyType.Ed25519, new byte[32]).Verifier.Name.Length);
        Assert.Throws<FormatException>(() => new NoteSigner(new string('x', 256), NoteKeyType.Ed25519, new byte[32]));
    }

    /// <summary>One in two of these keys' base64 has a '+': only the first ones part the fields.</summary>
    [Fact]
    public void Keys_survive_their_own_text()
    {
        for (byte i = 0; i < 64; i++)
        {
            var signer = new NoteSigner(
                "example.com/k", i % 2 == 0 ? NoteKeyType.Ed25519 : NoteKeyType.Cosignature, MerkleTree.LeafHash([i]));
            Assert.Equal(signer.Verifier, NoteVerifier.Parse(signer.Verifier.ToString()));
            Assert.Equal(signer.PrivateKeyText(), NoteSigner.Parse(signer.PrivateKeyText()).PrivateKeyText());
        }
    }

    [Fact]
    public void A_broken_private_key_is_never_quoted()
    {
        var key = GoldenLog.Signer.PrivateKeyText();
        var secret = Convert.ToBase64String([1, .. Convert.FromHexString(GoldenLog.Seed)]);
        Assert.EndsWith(secret, key, StringComparison.Ordinal);
        foreach (
            var broken in new[]
            {
                key + "!",
                key.Replace("=", "", StringComparison.Ordinal) + "A",
                key.Replace("33d7", "33d8", StringComparison.Ordinal),
                $"PRIVATE+KEY+a b{secret}+1+{secret}",
                "PRIVATE+KEY+" + secret,
                secret,
                key[..^4],
            }
        )
        {
            var error = Record.Exception(() => NoteSigner.Parse(broken));
            Assert.IsType<FormatException>(error);
            Assert.DoesNotContain(secret[..12], error.ToString(), StringComparison.Ordinal);
        }
    }

    private static bool IsRefused(Func<object> open)
    {
        try
        {
            _ = open();
            return false;
        }
        catch (Exception e) when (e is FormatException or InvalidProofException)
        {
            return true;
        }
    }
}
