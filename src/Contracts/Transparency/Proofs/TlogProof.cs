using System.Globalization;
using System.Text;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>A proof that one leaf is in a log (c2sp.org/tlog-proof), which any tool of that format reads.</summary>
/// <param name="Extra">Opaque and not authenticated by the format; absent: no such line.</param>
/// <param name="Index">The leaf's place in the log.</param>
/// <param name="Path">The hashes that lead from the leaf to the root, the leaf's sibling first.</param>
/// <param name="Checkpoint">The signed checkpoint, verbatim, with all its signatures.</param>
public sealed record TlogProof(byte[]? Extra, long Index, IReadOnlyList<byte[]> Path, string Checkpoint)
{
    /// <summary>The first line.</summary>
    public const string Header = "c2sp.org/tlog-proof@v1";

    /// <summary>Maximum size of a proof, in bytes: its checkpoint, and an extra that holds an entry.</summary>
    public const int MaxBytes = SignedNote.MaxBytes + 200_000;

    /// <summary>Maximum number of hashes of a path: the height of a tree of 2^63 leaves.</summary>
    public const int MaxPath = 63;

    /// <exception cref="FormatException">Says what is wrong with it.</exception>
    public static TlogProof Parse(ReadOnlySpan<byte> proof) => proof.Length > MaxBytes
        ? throw new FormatException($"a .tlog-proof has at most {MaxBytes:N0} bytes")
        : Parse(Base64.Utf8(proof));

    /// <exception cref="FormatException">Says what is wrong with it.</exception>
    public static TlogProof Parse(string proof)
    {
        // The first empty line ends the proof's own lines: a checkpoint begins behind it.
        var split = proof.IndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0)
            throw new FormatException("a .tlog-proof ends with an empty line and a checkpoint");
        var lines = proof[..split].Split('\n', MaxPath + 5);
        if (lines[0] != Header)
            throw new FormatException($"the first line is not '{Header}'");
        var next = 1;
        var extra =
            next < lines.Length && lines[next].StartsWith("extra ", StringComparison.Ordinal) ? Base64.Decode(lines[next++][6..]) : null;
        if (next == lines.Length || !lines[next].StartsWith("index ", StringComparison.Ordinal))
            throw new FormatException("a .tlog-proof has a line 'index N'");
        var index = Transparency.Checkpoint.ParseNumber(lines[next++][6..], "the index");
        if (lines.Length - next > MaxPath)
            throw new FormatException($"a .tlog-proof has at most {MaxPath} hashes");
        var checkpoint = proof[(split + 2)..];
        SignedNote.Parse(checkpoint);
        return new TlogProof(extra, index, [.. lines[next..].Select(Base64.DecodeHash)], checkpoint);
    }

    /// <summary>The proof, as <see cref="Parse(string)"/> reads it.</summary>
    public override string ToString()
    {
        var proof = new StringBuilder(Header).Append('\n');
        if (Extra is not null)
            proof.Append("extra ").Append(Convert.ToBase64String(Extra)).Append('\n');
        proof.Append("index ").Append(Index.ToString(CultureInfo.InvariantCulture)).Append('\n');
        foreach (var hash in Path)
            proof.Append(Convert.ToBase64String(hash)).Append('\n');
        return proof.Append('\n').Append(Checkpoint).ToString();
    }
}
