using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// What a log asks a witness to cosign (c2sp.org/tlog-witness v1.0.0, the body of <c>add-checkpoint</c>): <c>old SIZE</c>, the hashes of a
/// consistency proof one a line in base64, an empty line, and the checkpoint's signed note.
/// </summary>
/// <param name="OldSize">Leaves of the tree that the witness is believed to have cosigned last; 0: none.</param>
/// <param name="Proof">From that tree to the checkpoint's; at most <see cref="MaxProofHashes"/>.</param>
/// <param name="Note">The checkpoint with its signatures.</param>
public sealed record AddCheckpointRequest(long OldSize, IReadOnlyList<byte[]> Proof, SignedNote Note)
{
    /// <summary>Hashes of the proof, at most.</summary>
    public const int MaxProofHashes = 63;

    /// <summary>Bytes of a request, at most. A checkpoint and 63 hashes have about 3,000.</summary>
    public const int MaxBytes = 128 * 1024;

    private const string Old = "old ";

    /// <summary>What is to be cosigned. Of size 0, its root may not be the empty tree's.</summary>
    /// <exception cref="FormatException">The note is no checkpoint. Never of a request that was parsed.</exception>
    public Checkpoint Checkpoint => Checkpoint.Read(Note.Text);

    /// <exception cref="FormatException">Says what is wrong with it.</exception>
    public static AddCheckpointRequest Parse(ReadOnlySpan<byte> body)
    {
        if (body.Length > MaxBytes)
            throw new FormatException($"a request has at most {MaxBytes:N0} bytes");
        var text = Base64.Utf8(body);
        // The first empty line: neither the old size nor a hash is one.
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || !text.StartsWith(Old, StringComparison.Ordinal))
            throw new FormatException("a request is a line 'old SIZE', the hashes of the proof, an empty line and a checkpoint");
        var lines = text[..end].Split('\n');
        if (lines.Length - 1 > MaxProofHashes)
            throw new FormatException($"a proof has at most {MaxProofHashes} hashes");
        var request = new AddCheckpointRequest(
            Checkpoint.ParseNumber(lines[0][Old.Length..], "the old size"), [.. lines.Skip(1).Select(Base64.DecodeHash)],
            SignedNote.Parse(text[(end + 2)..]));
        _ = request.Checkpoint;
        return request;
    }

    /// <summary>The body.</summary>
    public override string ToString()
    {
        var body = new StringBuilder(FormattableString.Invariant($"{Old}{OldSize}\n"));
        foreach (var hash in Proof)
            body.Append(Convert.ToBase64String(hash)).Append('\n');
        return body.Append('\n').Append(Note).ToString();
    }
}
