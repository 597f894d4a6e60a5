using System.Buffers.Binary;
using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>One signature of a note.</summary>
/// <param name="Name">The key's name.</param>
/// <param name="KeyId">The key's id.</param>
/// <param name="Bytes">The bytes after the key id.</param>
public sealed record NoteSignature(string Name, uint KeyId, byte[] Bytes)
{
    /// <summary>The line, without its newline: <c>— name base64(id ‖ bytes)</c>.</summary>
    public override string ToString()
    {
        var data = new byte[4 + Bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(data, KeyId);
        Bytes.CopyTo(data, 4);
        return $"— {Name} {Convert.ToBase64String(data)}";
    }

    /// <exception cref="FormatException">The text is not a signature line.</exception>
    public static NoteSignature Parse(string line)
    {
        if (line.Split(' ') is not ["—", var name, var base64] || !NoteVerifier.IsName(name))
            throw new FormatException("a signature line is '— NAME BASE64'");
        var data = Base64.Decode(base64);
        if (data.Length < 5)
            throw new FormatException("a signature has a key id of 4 bytes and at least one byte more");
        return new NoteSignature(name, BinaryPrimitives.ReadUInt32BigEndian(data), data[4..]);
    }

    internal bool IsOf(NoteVerifier key) => Name == key.Name && KeyId == key.KeyId;
}

/// <summary>A text with signatures (c2sp.org/signed-note v1.0.0).</summary>
/// <param name="Text">UTF-8 text that ends with a newline and has no other control character.</param>
/// <param name="Signatures">At least one.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    /// <summary>Maximum size of a note, in bytes.</summary>
    public const int MaxBytes = 1_000_000;

    /// <summary>Maximum number of signatures of a note.</summary>
    public const int MaxSignatures = 100;

    /// <exception cref="FormatException">The note is malformed. The message says what is wrong.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> note) => note.Length > MaxBytes
        ? throw new FormatException($"a signed note has at most {MaxBytes:N0} bytes")
        : Parse(Base64.Utf8(note));

    /// <exception cref="FormatException">The note is malformed. The message says what is wrong.</exception>
    public static SignedNote Parse(string note)
    {
        // The separator is the last empty line: the text may have some of its own.
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (Base64.Utf8Length(note) > MaxBytes)
            throw new FormatException($"a signed note has at most {MaxBytes:N0} bytes");
        if (split < 0 || !note.EndsWith('\n'))
            throw new FormatException("a signed note is a text, an empty line and signature lines, each ended by a newline");
        var text = note[..(split + 1)];
        if (text.Any(c => c < ' ' && c != '\n'))
            throw new FormatException("a signed note's text has a control character");
        var lines = note[(split + 2)..].Split('\n')[..^1];
        if (lines.Length is 0 or > MaxSignatures)
            throw new FormatException($"a signed note has 1 to {MaxSignatures} signatures");
        return new SignedNote(text, [.. lines.Select(NoteSignature.Parse)]);
    }

    /// <summary>The note.</summary>
    public override string ToString()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
            note.Append(signature).Append('\n');
        return note.ToString();
    }

    public SignedNote With(NoteSignature signature) => this with { Signatures = [.. Signatures, signature] };

    /// <summary>The first signature of each of <paramref name="keys"/> that signed. Signatures of other keys are ignored.</summary>
    /// <exception cref="InvalidProofException">A signature names one of the keys, but is not that key's.</exception>
    public IReadOnlyDictionary<NoteVerifier, NoteSignature> SignedBy(params IEnumerable<NoteVerifier> keys)
    {
        var signed = new Dictionary<NoteVerifier, NoteSignature>();
        foreach (var key in keys)
        {
            foreach (var signature in Signatures.Where(signature => signature.IsOf(key)))
            {
                if (!key.Holds(Text, signature.Bytes))
                    throw new InvalidProofException($"the signature of {key.Name} ({key.IdText}) is not this key's over this text");
                signed.TryAdd(key, signature);
            }
        }
        return signed;
    }
}
