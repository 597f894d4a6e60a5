using System.Text.Json;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Checks the proof of one conversation's outcome (docs/formats.md, "Conversation proof").</summary>
internal static class ConversationProofCheck
{
    /// <exception cref="FormatException">It is not in the format.</exception>
    /// <exception cref="InvalidProofException">It does not hold.</exception>
    /// <exception cref="NotProvenException">A newer ledger recorded what is not known.</exception>
    public static ConversationReport Run(ReadOnlySpan<byte> file, Trust trust)
    {
        var proof = TlogProof.Parse(file);
        var (checkpoint, log) = trust.Open(proof.Checkpoint);
        var content = ConversationProof.Parse(
            proof.Extra ?? throw new FormatException("the proof has no line 'extra': it does not say what the leaf holds"));
        if (!InclusionProof.Check(proof.Index, checkpoint.Size, MerkleTree.LeafHash(content.Entry.Span), proof.Path, checkpoint.Root))
            throw new InvalidProofException("the entry is not in the log: index, entry and hashes do not give its root");
        var leaf = LeafEntry.Parse(content.Entry);
        if (!JobId.TryParse(leaf.Stream, out _))
            throw new InvalidProofException($"the entry is in the log, but it is not of a deletion job: its stream is {leaf.Stream}");
        var (@event, unknown) = JobEventReader.Read(leaf);
        if (@event is not null)
            ExpectOutcome(leaf, @event);
        if (content.Disclosure is { } shown
            && CommitmentOf(leaf) is { } commitment
            && Convert.ToBase64String(shown.Commitment()) != commitment)
            throw new InvalidProofException("the disclosed conversation id is not the one that the entry is of");
        if (@event is null)
            throw NotProvenException.Of(unknown);
        return ConversationReports.Of(leaf, @event, content.Disclosure?.Id, log, proof.Index);
    }

    private static void ExpectOutcome(LeafEntry leaf, JobEvent @event)
    {
        var (attempt, ordinal) = @event switch
        {
            ConversationDeleted { ConfirmedAbsent: false } => throw Refused("the deletion that it records was not confirmed"),
            ConversationDeleted e => (e.Attempt, e.Ordinal),
            ConversationSkipped e => (1, e.Ordinal), // it names no attempt
            Failed { Ordinal: { } failed } e => (e.Attempt, failed),
            _ => throw Refused($"it records no conversation's outcome: its type is '{leaf.Type}'"),
        };
        // Before it come the submission, a plan, the start and an outcome of each ordinal below. Each attempt before adds two events.
        if (attempt is < 1 or > Limits.Attempts || ordinal < 0 || leaf.Version - 4 - 2 * (attempt - 1) < ordinal)
            throw Refused($"no job has the outcome of conversation {ordinal} in attempt {attempt} as its event {leaf.Version}");
        if (@event is Failed { RetriesRemaining: var retries } && retries != Limits.Attempts - attempt)
            throw Refused($"after attempt {attempt} {Limits.Attempts - attempt} retries remain, and not {retries}");
    }

    private static InvalidProofException Refused(string why) => new($"the entry is in the log, but {why}");

    /// <summary>The conversation that an event is of, whatever its type; null where it names none.</summary>
    private static string? CommitmentOf(LeafEntry leaf)
    {
        using var data = JsonDocument.Parse(leaf.Data);
        return data.RootElement is { ValueKind: JsonValueKind.Object } members && members.TryGetProperty("commitment", out var commitment)
            && commitment.ValueKind == JsonValueKind.String && commitment.GetString() is { } text && IsHash(text) ? text : null;
    }

    private static bool IsHash(string text)
    {
        try
        {
            return Base64.DecodeHash(text).Length > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
