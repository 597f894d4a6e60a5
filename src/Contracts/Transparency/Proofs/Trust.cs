using Ledger.Contracts.Bytes;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>The basis of a check: keys from somewhere else than the proof, and the checker's memory of the log.</summary>
/// <param name="Log">The log's key.</param>
/// <param name="Witnesses">Each of these must have cosigned.</param>
/// <param name="Older">A checkpoint kept from another time, which the proof's must agree with.</param>
/// <param name="Consistency">Shows that they agree if their sizes differ. It has the form that a log shows to witnesses.</param>
/// <param name="Policy">A quorum of its witnesses must have cosigned, and if it names logs, this must be one of them.</param>
public sealed record Trust(
    NoteVerifier Log, IReadOnlyList<NoteVerifier> Witnesses, SignedNote? Older = null, AddCheckpointRequest? Consistency = null,
    Policy? Policy = null)
{
    /// <summary>Reads the keys.</summary>
    /// <param name="log">The log's vkey.</param>
    /// <param name="witnesses">Vkeys.</param>
    /// <exception cref="FormatException">Says which of them is wrong, and why.</exception>
    public static Trust Parse(string log, IEnumerable<string> witnesses) =>
        new(
            Key("the log's key", log, NoteKeyType.Ed25519),
            [.. witnesses.Select(witness => Key("a witness's key", witness, NoteKeyType.Cosignature)).Distinct()]);

    /// <summary>With a checkpoint that was kept, from its file.</summary>
    /// <exception cref="FormatException">It is none, or not of this log: nothing can be checked by it.</exception>
    public Trust WithOlder(ReadOnlySpan<byte> file)
    {
        var note = SignedNote.Parse(StrictText.WithoutMark(file));
        return this with { Older = OfThisLog(note) };
    }

    /// <summary>With a policy, from its file.</summary>
    /// <exception cref="FormatException">Says what is wrong with it.</exception>
    public Trust WithPolicy(ReadOnlySpan<byte> file) => this with { Policy = Policy.Parse(StrictText.WithoutMark(file)) };

    /// <summary>With a consistency proof, from its file.</summary>
    /// <exception cref="FormatException">It is none, or leads to a checkpoint that is not of this log.</exception>
    public Trust WithConsistency(ReadOnlySpan<byte> file)
    {
        var request = AddCheckpointRequest.Parse(StrictText.WithoutMark(file));
        OfThisLog(request.Note);
        return this with { Consistency = request };
    }

    private SignedNote OfThisLog(SignedNote note)
    {
        try
        {
            Checkpoint.Open(note, Log);
            return note;
        }
        catch (InvalidProofException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>Checks a proof's checkpoint.</summary>
    /// <exception cref="FormatException">It is no checkpoint.</exception>
    /// <exception cref="InvalidProofException">
    /// It is another log's, not signed, not cosigned by every witness, or does not agree with the older one.
    /// </exception>
    internal (Checkpoint Checkpoint, LogFacts Facts) Open(string note)
    {
        var signed = SignedNote.Parse(note);
        var checkpoint = Checkpoint.Open(signed, Log);
        var cosigned = signed.SignedBy(Witnesses);
        if (Witnesses.FirstOrDefault(witness => !cosigned.ContainsKey(witness)) is { } missing)
            throw new InvalidProofException($"the checkpoint is not cosigned by the witness {missing.Name}");
        var byPolicy = Policy is null ? [] : Quorum(Policy, signed);
        var facts = Witnesses.Select(witness => new WitnessFact(witness.Name, Cosignature.At(cosigned[witness])))
            .Concat(byPolicy.Select(witness => new WitnessFact(witness.Witness.Key.Name, witness.At))).Distinct().ToArray();
        var known = Witnesses.Concat(byPolicy.Select(witness => witness.Witness.Key)).Append(Log).ToHashSet();
        var others = signed.Signatures.Count(signature => !known.Any(signature.IsOf));
        var older = Older is null ? null : Checkpoint.Open(Older, Log);
        if (older is not null)
            Agree(older, checkpoint);
        return (
            checkpoint,
            new LogFacts(checkpoint.Origin, checkpoint.Size, checkpoint.Root, $"{Log.Name}+{Log.IdText}", facts, others, older?.Size));
    }

    private IReadOnlyList<Witnessed> Quorum(Policy policy, SignedNote signed)
    {
        if (policy.Logs.Count > 0 && policy.Logs.All(log => log.Key != Log))
            throw new InvalidProofException($"the policy does not trust the log {Log.Name}+{Log.IdText}");
        var verdict = policy.Evaluate(signed);
        return verdict.IsQuorumMet
            ? verdict.Witnesses
            : throw new InvalidProofException(
                $"the checkpoint lacks the policy's quorum, which is {policy.DescribeQuorum()}; cosigned: "
                + $"{string.Join(", ", verdict.Witnesses.Select(one => one.Witness.Name).DefaultIfEmpty("by none"))}"
            );
    }

    /// <summary>One log has one history: the smaller tree is the beginning of the larger one.</summary>
    private void Agree(Checkpoint kept, Checkpoint proofs)
    {
        if (kept.Size == proofs.Size)
        {
            if (!kept.Root.AsSpan().SequenceEqual(proofs.Root))
                throw new InvalidProofException(
                    $"the log has signed two different trees of {kept.Size} leaves: this one and the checkpoint given. Keep both files: "
                    + "they are evidence that its history was rewritten"
                );
            return;
        }
        var (older, newer) = kept.Size < proofs.Size ? (kept, proofs) : (proofs, kept);
        if (Consistency is null)
            throw new InvalidProofException(
                $"that the log's tree of {newer.Size} leaves begins with that of {older.Size} was not shown: give the log's consistency "
                + "proof between the two"
            );
        if (Consistency.OldSize != older.Size || Checkpoint.Open(Consistency.Note, Log) != newer)
            throw new InvalidProofException($"the consistency proof is not from {older.Size} leaves to the checkpoint of {newer.Size}");
        if (!ConsistencyProof.Check(older.Size, newer.Size, older.Root, newer.Root, Consistency.Proof))
            throw new InvalidProofException(
                $"the log's tree of {newer.Size} leaves does not begin with that of {older.Size}, or the consistency proof was damaged");
    }

    private static NoteVerifier Key(string what, string vkey, NoteKeyType type)
    {
        try
        {
            var key = NoteVerifier.Parse(vkey.Trim());
            return key.Type == type
                ? key
                : throw new FormatException(
                    $"it is {(type == NoteKeyType.Ed25519 ? "a witness's and not a log's" : "a log's and not a witness's")}");
        }
        catch (FormatException e)
        {
            throw new FormatException($"{what} '{vkey.Trim()}' is not right: {e.Message}", e);
        }
    }
}
