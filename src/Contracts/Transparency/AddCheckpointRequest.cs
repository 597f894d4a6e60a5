using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// A log's request for a witness's cosignature (c2sp.org/tlog-witness v1.0.0, the body of <c>add-checkpoint</c>). It has a line <c>old
/// SIZE</c>, the hashes of a consistency proof in base64 (one a line), an empty line, and the checkpoint's signed note.
/// </summary>
/// <param name="OldSize">Number of leaves of the tree that the witness is believed to have cosigned last. 0 if none.</param>
/// <param name="Proof">The hashes from that tree to the checkpoint's, at most <see cref="MaxProofHashes"/>.</param>
/// <param name="Note">The checkpoint with its signatures.</param>
public sealed record AddCheckpointRequest(long OldSize, IReadOnlyList<byte[]> Proof, SignedNote Note)
{
    /// <summary>Maximum number of hashes in the proof.</summary>
    public const int MaxProofHashes = 63;

    /// <summary>Maximum size of a request, in bytes. A checkpoint and 63 hashes have about 3,000.</summary>
    public const int MaxBytes = 128 * 1024;

    private const string Old = "old ";

    /// <summary>The checkpoint to cosign. At size 0, its root is not checked to be the empty tree's.</summary>
    /// <exception cref="FormatException">The note is not a checkpoint. Never thrown for a parsed request.</exception>
    public Checkpoint Checkpoint => Checkpoint.Read(Note.Text);

    /// <exception cref="FormatException">The request is malformed. The message says what is wrong.</exception>
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
