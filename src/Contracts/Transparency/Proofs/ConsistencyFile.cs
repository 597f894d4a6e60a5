using System.Text;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// Hashes that show that the tree of a checkpoint begins with an earlier one, in the form in which logs send them to witnesses (c2sp.org/tlog-witness, <c>add-checkpoint</c>):
/// <c>old SIZE</c>, the hashes one a line, an empty line, the checkpoint.
/// </summary>
/// <param name="OldSize">Leaves of the earlier tree.</param>
/// <param name="Hashes">At most 63.</param>
/// <param name="Note">The later checkpoint.</param>
public sealed record ConsistencyFile(long OldSize, IReadOnlyList<byte[]> Hashes, SignedNote Note)
{
    /// <summary>Bytes, at most.</summary>
    public const int MaxBytes = SignedNote.MaxBytes + 4_096;

    /// <exception cref="FormatException">Says what is wrong with it.</exception>
    public static ConsistencyFile Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length > MaxBytes)
            throw new FormatException($"a consistency proof has at most {MaxBytes:N0} bytes");
        var text = Base64.Utf8(file);
        var split = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || !text.StartsWith("old ", StringComparison.Ordinal) || text[..split].Split('\n') is not { Length: <= 64 } lines)
            throw new FormatException("a consistency proof is a line 'old SIZE', up to 63 hashes, an empty line and a checkpoint");
        return new ConsistencyFile(Checkpoint.ParseNumber(lines[0][4..], "the old size"), [.. lines[1..].Select(Base64.DecodeHash)], SignedNote.Parse(text[(split + 2)..]));
    }

    /// <summary>The file.</summary>
    public override string ToString()
    {
        var file = new StringBuilder(FormattableString.Invariant($"old {OldSize}\n"));
        foreach (var hash in Hashes)
            file.Append(Convert.ToBase64String(hash)).Append('\n');
        return file.Append('\n').Append(Note).ToString();
    }
}
