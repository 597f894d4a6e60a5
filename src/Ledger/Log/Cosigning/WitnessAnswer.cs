using Ledger.Contracts.Transparency;

namespace Ledger.Log.Cosigning;

/// <summary>What a witness answers to a checkpoint (c2sp.org/tlog-witness v1.0.0).</summary>
public abstract record WitnessAnswer
{
    private WitnessAnswer()
    {
    }

    /// <summary>200: it is consistent with all that the witness cosigned before, and remembered.</summary>
    public sealed record Cosigned(NoteSignature Signature) : WitnessAnswer;

    /// <summary>409: the witness's last checkpoint has another size than the request's old size, namely this.</summary>
    public sealed record AnotherSize(long Size) : WitnessAnswer;

    /// <summary>Anything else that is not cosigned.</summary>
    /// <param name="Status">The HTTP status code.</param>
    /// <param name="Reason">In plain words.</param>
    public sealed record Refused(int Status, string Reason) : WitnessAnswer;
}
