using System.Globalization;

namespace Ledger.Contracts.Transparency;

/// <summary>A log's statement of its number of leaves and of the root over them (c2sp.org/tlog-checkpoint v1.0.0).</summary>
/// <param name="Origin">The log's name, which is also its key's name.</param>
/// <param name="Size">Number of leaves.</param>
/// <param name="Root">32 bytes.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    /// <summary>The text that is signed.</summary>
    public string Text => FormattableString.Invariant($"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n");

    /// <summary>Reads a note's text. Extension lines are allowed and ignored, because nothing here can check them.</summary>
    /// <exception cref="FormatException">The text is malformed. The message says what is wrong.</exception>
    public static Checkpoint Parse(string text)
    {
        var checkpoint = Read(text);
        return checkpoint.Size > 0 || checkpoint.Root.AsSpan().SequenceEqual(MerkleTree.EmptyRoot())
            ? checkpoint
            : throw new FormatException("a checkpoint of size 0 has the root of the empty tree");
    }

    /// <summary>Reads a note's text, with any root at size 0. A witness tells a wrong root from malformed text (tlog-witness).</summary>
    internal static Checkpoint Read(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1].Length > 0 || lines[..^1].Any(line => line.Length == 0))
            throw new FormatException("a checkpoint has three lines: origin, size and root");
        if (!NoteVerifier.IsName(lines[0]))
            throw new FormatException("a checkpoint's origin is a name without spaces");
        return new Checkpoint(lines[0], ParseNumber(lines[1], "a checkpoint's size"), Base64.DecodeHash(lines[2]));
    }

    /// <summary>The checkpoint of a note that the log signed.</summary>
    /// <param name="note">The note.</param>
    /// <param name="log">The log's key.</param>
    /// <exception cref="FormatException">The note is not a checkpoint.</exception>
    /// <exception cref="InvalidProofException">The checkpoint is another log's, or the log did not sign it.</exception>
    public static Checkpoint Open(SignedNote note, NoteVerifier log)
    {
        var checkpoint = Parse(note.Text);
        if (checkpoint.Origin != log.Name)
            throw new InvalidProofException($"the checkpoint is of the log '{checkpoint.Origin}', and the key is of '{log.Name}'");
        return note.SignedBy(log).Count == 1
            ? checkpoint
            : throw new InvalidProofException($"the checkpoint is not signed by the key {log.Name}+{log.IdText}");
    }

    public bool Equals(Checkpoint? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>A decimal without sign and leading zeros, below 2^53.</summary>
    internal static long ParseNumber(string text, string what) =>
        text.Length is > 0 and <= 16 && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0')
        && long.Parse(text, CultureInfo.InvariantCulture) is <= Jcs.MaxInteger and var number
            ? number
            : throw new FormatException($"{what} is a decimal number without leading zeros, below 2^53");
}
