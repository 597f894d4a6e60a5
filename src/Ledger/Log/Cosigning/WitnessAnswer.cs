using Ledger.Contracts.Transparency;

namespace Ledger.Log.Cosigning;

/// <summary>A witness's answer to a checkpoint (c2sp.org/tlog-witness v1.0.0).</summary>
public abstract record WitnessAnswer
{
    private WitnessAnswer()
    {
    }

    /// <summary>200: the checkpoint is consistent with all that the witness cosigned before. The witness remembers it.</summary>
    public sealed record Cosigned(NoteSignature Signature) : WitnessAnswer;

    /// <summary>409: the witness's last checkpoint has this size, and not the request's old size.</summary>
    public sealed record AnotherSize(long Size) : WitnessAnswer;

    /// <summary>Any other answer without a cosignature.</summary>
    /// <param name="Status">The HTTP status code.</param>
    /// <param name="Reason">The reason, in plain words.</param>
    public sealed record Refused(int Status, string Reason) : WitnessAnswer;
}
