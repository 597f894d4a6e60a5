using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Checks the proof of one conversation's outcome (docs/formats.md, "Conversation proof").</summary>
internal static class ConversationProofCheck
{
    /// <exception cref="FormatException">It is not in the format.</exception>
    /// <exception cref="InvalidProofException">It does not hold.</exception>
    public static ConversationReport Run(ReadOnlySpan<byte> file, Trust trust)
    {
        var proof = TlogProof.Parse(file);
        var (checkpoint, log) = trust.Open(proof.Checkpoint);
        var content = ConversationProof.Parse(proof.Extra ?? throw new FormatException("the proof has no line 'extra': it does not say what the leaf holds"));
        if (!InclusionProof.Check(proof.Index, checkpoint.Size, MerkleTree.LeafHash(content.Entry.Span), proof.Path, checkpoint.Root))
            throw new InvalidProofException("the entry is not in the log: index, entry and hashes do not give its root");
        var leaf = LeafEntry.Parse(content.Entry);
        if (!JobId.TryParse(leaf.Stream, out _))
            throw new InvalidProofException($"the entry is in the log, but it is not of a deletion job: its stream is {leaf.Stream}");
        var @event = JobEventReader.Read(leaf);
        var commitment = @event switch
        {
            ConversationDeleted { ConfirmedAbsent: true } e => e.Commitment,
            ConversationDeleted => throw new InvalidProofException("the entry is in the log, but the deletion that it records was not confirmed"),
            ConversationSkipped e => e.Commitment,
            Failed { Commitment: { } failed } => failed,
            _ => throw new InvalidProofException($"the entry is in the log, but it records no conversation's outcome: its type is '{leaf.Type}'"),
        };
        if (content.Disclosure is { } disclosure && !disclosure.Commitment().AsSpan().SequenceEqual(commitment))
            throw new InvalidProofException("the disclosed conversation id is not the one that the entry is of");
        return ConversationReports.Of(leaf, @event, content.Disclosure?.Id, log, proof.Index);
    }
}
