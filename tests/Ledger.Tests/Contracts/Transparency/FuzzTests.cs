using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>
/// Whatever bytes come, every parser of a public format either gives what, written again, is these bytes (no two spellings of one thing),
/// or a <see cref="FormatException"/>. Tried with noise, and with valid texts cut, spliced and changed in a few places.
/// </summary>
public sealed class FuzzTests
{
    private static readonly Config s_many = Config.QuickThrowOnFailure.WithMaxTest(3_000);

    private static readonly string s_entry = Encoding.UTF8.GetString(
        LeafEntry.Encode(
            "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a0000",
            3,
            "t",
            DateTimeOffset.UnixEpoch,
            """{"é":[1,-2,{"":null}],"a\n":"😀"}"""u8
        )
    );

    private static readonly NoteSigner s_witness = new("witness.example/w1", NoteKeyType.Cosignature, new byte[32]);

    private static readonly string[] s_notes =
    [
        GoldenLog.Checkpoint15, SignedNote.Parse(GoldenLog.Checkpoint15).With(s_witness.Cosign("x\n", 1)).ToString(),
        "a\n\nb\n\n— x AAAAAAAA\n",
    ];

    [Fact]
    public void Signed_notes() => Judge(s_notes, bytes => Encoding.UTF8.GetBytes(SignedNote.Parse(bytes).ToString()));

    [Fact]
    public void Signed_notes_as_text() => Judge(s_notes, text => SignedNote.Parse(text).ToString());

    [Fact]
    public void Signatures() => Judge([.. s_notes.Select(note => note.Split('\n')[^2])], text => NoteSignature.Parse(text).ToString());

    [Fact]
    public void Public_keys() => Judge([GoldenLog.Vkey, s_witness.Verifier.ToString()], text => NoteVerifier.Parse(text).ToString());

    [Fact]
    public void Private_keys() =>
        Judge([GoldenLog.Signer.PrivateKeyText(), s_witness.PrivateKeyText()], text => NoteSigner.Parse(text).PrivateKeyText());

    /// <summary>All but extension lines, which are read over.</summary>
    [Fact]
    public void Checkpoints() =>
        Judge(
            [
                SignedNote.Parse(GoldenLog.Checkpoint15).Text, new Checkpoint("x", 0, MerkleTree.EmptyRoot()).Text,
                "x\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n",
            ],
            text => Checkpoint.Parse(text).Text + string.Concat(text.Split('\n')[3..^1].Select(line => line + "\n"))
        );

    [Fact]
    public void Tile_paths() => Judge(["tile/0/000", "tile/1/x001/000", "tile/63/x001/x234/067.p/255", "tile/entries/x001/x234/067.p/1"],
        text => TileId.TryParse(text, out var tile) ? tile.Path : throw new FormatException());

    [Fact]
    public void Entry_bundles() => Judge(["\0\u0003one\0\u0003two\0\u0005three", "\0\0\0\0"], bytes =>
    {
        var bundle = new ArrayBufferWriter<byte>();
        foreach (var entry in TileId.ReadBundle(bytes))
            TileId.AppendTo(bundle, entry.Span);
        return bundle.WrittenSpan.ToArray();
    });

    [Fact]
    public void Entries() => Judge([s_entry], bytes =>
    {
        var entry = LeafEntry.Parse(bytes);
        return LeafEntry.Encode(entry.Stream, entry.Version, entry.Type, entry.At, entry.Data.Span);
    });

    /// <summary>JSON has many spellings; the canonical one has one.</summary>
    [Fact]
    public void Canonical_JSON() => Prop.ForAll(Bytes([s_entry, "[1,2,\"\\u0041\"]", "{\"b\":1,\"a\":2}"]).ToArbitrary(), bytes =>
    {
        byte[] canonical;
        try
        {
            canonical = Jcs.Canonicalize(bytes);
        }
        catch (FormatException)
        {
            return;
        }
        Assert.Equal(canonical, Jcs.Canonicalize(canonical));
    }).Check(s_many);

    private static void Judge(string[] valid, Func<string, string> again)
    {
        Assert.All(valid, text => Assert.Equal(text, again(text)));
        Prop.ForAll(Texts(valid).ToArbitrary(), text => Judge(text, again)).Check(s_many);
        Prop.ForAll<string>(text => Judge(text ?? "", again)).Check(s_many);
    }

    private static void Judge(string[] valid, Func<byte[], byte[]> again)
    {
        Assert.All(valid, text => Assert.Equal(Encoding.UTF8.GetBytes(text), again(Encoding.UTF8.GetBytes(text))));
        Prop.ForAll(Bytes(valid).ToArbitrary(), bytes => Judge(bytes, again)).Check(s_many);
        Prop.ForAll<byte[]>(bytes => Judge(bytes, again)).Check(s_many);
    }

    private static void Judge<T>(T input, Func<T, T> again)
    {
        T written;
        try
        {
            written = again(input);
        }
        catch (FormatException)
        {
            return;
        }
        Assert.Equal(input, written);
    }

    /// <summary>
    /// Valid texts, changed in one to three places: something put in, left out, replaced, doubled, or the rest of another text.
    /// </summary>
    private static Gen<string> Texts(string[] valid)
    {
        var pieces = Gen.Elements(
            "", " ", "\n", "\n\n", "\r", "\t", "\0", "+", "=", "==", "A", "B", "0", "1", "9", "-", "/", ".", "x", "p", "é", "—", "— ",
            "\ufeff", "\ufffd", "\ud800", "\udc00", "😀", "\"", "\\u0041", ",", ":", "{", "]", "e", "99999999999999999999");
        var change =
            from place in Gen.Choose(0, 999)
            from length in Gen.Choose(0, 3)
            from piece in Gen.OneOf(
                pieces, Gen.Elements(valid).Zip(Gen.Choose(0, 999), (text, start) => text[(start * text.Length / 1000)..]))
            select (Func<string, string>)(
                text =>
                {
                    var at = place * text.Length / 1000;
                    return text[..at] + piece + text[Math.Min(text.Length, at + length)..];
                }
            );
        return Gen.Elements(valid)
            .Zip(change.ListOf(), (text, changes) => changes.Take(3).Aggregate(text, (changed, next) => next(changed)));
    }

    /// <summary>The same as bytes, one of which may be any.</summary>
    private static Gen<byte[]> Bytes(string[] valid) => Texts(valid).Zip(Gen.Choose(0, 999).Zip(Gen.Choose(0, 511)), (text, change) =>
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > 0 && change.Item2 < 256)
            bytes[change.Item1 * bytes.Length / 1000] = (byte)change.Item2;
        return bytes;
    });
}
