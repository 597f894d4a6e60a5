using Ledger.Contracts.Transparency;
using Ledger.Log.Cosigning;
using Ledger.Machine;

namespace Ledger.Witnessing;

/// <summary>
/// Cosigns checkpoints of the logs that it knows. It cosigns one only if its tree begins with the tree that it cosigned before. So anybody
/// who asks for its cosignature is never shown a tree from which something was removed or changed.
/// </summary>
public sealed class Witness
{
    private readonly NoteSigner _key;
    private readonly WitnessState _state;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, Log> _logs;

    /// <param name="key">The witness's key, of type 0x04.</param>
    /// <param name="logs">The keys of logs. Several with one name are several keys of one log.</param>
    /// <param name="state">The checkpoints that it cosigned before.</param>
    /// <param name="time">The clock of its cosignatures.</param>
    public Witness(NoteSigner key, IEnumerable<NoteVerifier> logs, WitnessState state, TimeProvider time)
    {
        (_key, _state, _time) = (key, state, time);
        _logs = logs.GroupBy(log => log.Name, StringComparer.Ordinal)
            .ToDictionary(log => log.Key, log => new Log([.. log], new SemaphoreSlim(1, 1)), StringComparer.Ordinal);
    }

    /// <summary>The origins of the logs that it knows.</summary>
    public IEnumerable<string> Origins => _logs.Keys;

    /// <summary>Checks a checkpoint, in the specification's order. A cosignature that is returned is remembered on disk.</summary>
    public async Task<WitnessAnswer> AddAsync(AddCheckpointRequest request, CancellationToken cancel)
    {
        var checkpoint = request.Checkpoint;
        if (!_logs.TryGetValue(checkpoint.Origin, out var log))
            return new WitnessAnswer.Refused(404, $"this witness does not know the log '{checkpoint.Origin}'");
        if (!IsSigned(request.Note, log))
            return new WitnessAnswer.Refused(403, $"no key that this witness trusts for '{checkpoint.Origin}' signed the checkpoint");
        if (request.OldSize > checkpoint.Size)
            return new WitnessAnswer.Refused(400, $"the old size {request.OldSize} is larger than the checkpoint's, {checkpoint.Size}");
        // Of two that were compared with the same old tree only one may replace it: compare, remember and cosign under one lock (the
        // specification's race).
        await log.Turn.WaitAsync(cancel);
        try
        {
            return Compare(request, checkpoint);
        }
        finally
        {
            log.Turn.Release();
        }
    }

    /// <summary>
    /// The last checkpoint that was cosigned for the log with this <see cref="WitnessState.Name"/>. Null if there is none, or the log is
    /// not known.
    /// </summary>
    public SignedNote? Latest(string name) =>
        _logs.Keys.FirstOrDefault(origin => WitnessState.Name(origin) == name) is { } origin ? _state.Latest(origin) : null;

    private WitnessAnswer Compare(AddCheckpointRequest request, Checkpoint checkpoint)
    {
        var latest = _state.Latest(checkpoint.Origin);
        var older = latest is null ? new Checkpoint(checkpoint.Origin, 0, MerkleTree.EmptyRoot()) : Checkpoint.Parse(latest.Text);
        if (request.OldSize != older.Size)
            return new WitnessAnswer.AnotherSize(older.Size);
        if (checkpoint.Size == 0 && !checkpoint.Root.AsSpan().SequenceEqual(MerkleTree.EmptyRoot()))
            return new WitnessAnswer.Refused(422, "a tree of size 0 has the root of the empty tree");
        if (!ConsistencyProof.Check(older.Size, checkpoint.Size, older.Root, checkpoint.Root, request.Proof))
            return new WitnessAnswer.Refused(
                422,
                $"the tree of size {checkpoint.Size} is not shown to begin with the tree of size {older.Size} that this witness cosigned");
        var cosignature = _key.Cosign(request.Note.Text, _time.GetUtcNow().ToUnixTimeSeconds());
        Remember(checkpoint.Origin, request.Note, latest, cosignature);
        return new WitnessAnswer.Cosigned(cosignature);
    }

    /// <summary>Remembers a cosignature. After a crash in here it may be remembered but not received. It is then given again when asked
    /// for.</summary>
    private void Remember(string origin, SignedNote note, SignedNote? latest, NoteSignature cosignature)
    {
        if (latest?.Text == note.Text)
            return;
        var signers = _logs[origin].Keys;
        // Of what was sent, only what was verified is kept and served.
        var verified = note.SignedBy(signers);
        FaultPoint.At("witness.before-persist");
        _state.Replace(origin, new SignedNote(note.Text, [.. verified.Values, cosignature]));
        FaultPoint.At("witness.persisted");
    }

    private static bool IsSigned(SignedNote note, Log log)
    {
        try
        {
            return note.SignedBy(log.Keys).Count > 0;
        }
        catch (InvalidProofException)
        {
            return false; // In the name of a known key, and not that key's.
        }
    }

    private sealed record Log(IReadOnlyList<NoteVerifier> Keys, SemaphoreSlim Turn);
}
