using System.Globalization;
using System.Net;
using System.Text;
using Ledger.Contracts.Transparency;

namespace Ledger.Log.Cosigning;

/// <summary>The result of asking a witness: its cosignature, or the problem in plain words.</summary>
internal sealed record WitnessReply(PolicyWitness Witness, NoteSignature? Cosignature, string? Problem);

/// <summary>
/// Asks one witness. It remembers in memory which tree the witness cosigned last. If that is wrong, the witness says so and is asked once
/// more.
/// </summary>
internal sealed class WitnessClient(PolicyWitness witness, NodeReader read, HttpClient http)
{
    private readonly Uri _address = new($"{witness.Url!.TrimEnd('/')}/add-checkpoint");
    private long _known;

    public PolicyWitness Witness => witness;

    /// <summary>Asks the witness. It throws only when <paramref name="cancel"/> ends it.</summary>
    /// <param name="checkpoint">The checkpoint to cosign.</param>
    /// <param name="note">The checkpoint's note, signed by the log.</param>
    public async Task<WitnessReply> AskAsync(Checkpoint checkpoint, SignedNote note, CancellationToken cancel)
    {
        try
        {
            return await AskOnceAsync(checkpoint, note, cancel)
                ?? await AskOnceAsync(checkpoint, note, cancel)
                ?? Failed(
                    "says each time that it cosigned another tree size than the time before: does somebody else submit this log's "
                    + "checkpoints to it?"
                );
        }
        catch (HttpRequestException e)
        {
            return Failed($"cannot be reached ({e.InnerException?.Message ?? e.Message})");
        }
        catch (Exception e) when (e is FormatException or InvalidProofException)
        {
            return Failed($"answers with something else than a cosignature by its key ({e.Message})");
        }
    }

    /// <summary>Asks once. Null if the witness's last tree has another size than expected. That size is known now.</summary>
    private async Task<WitnessReply?> AskOnceAsync(Checkpoint checkpoint, SignedNote note, CancellationToken cancel)
    {
        // A larger tree than this one is not assumed, but learnt anew.
        var old = Math.Min(Interlocked.Read(ref _known), checkpoint.Size);
        var request = new AddCheckpointRequest(old, await ConsistencyProof.ProveAsync(old, checkpoint.Size, read, cancel), note);
        using var content = new StringContent(request.ToString(), Encoding.UTF8, "text/plain");
        using var response = await http.PostAsync(_address, content, cancel);
        var answer = await response.Content.ReadAsStringAsync(cancel);
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                var cosignature = Cosignature(note, answer);
                Interlocked.Exchange(ref _known, checkpoint.Size);
                return new WitnessReply(witness, cosignature, Problem: null);
            case HttpStatusCode.Conflict when Size(answer) is { } size:
                Interlocked.Exchange(ref _known, size);
                return size <= checkpoint.Size
                    ? null
                    : Failed(
                        $"has cosigned a tree of {size} leaves already, and this checkpoint has {checkpoint.Size}. If that stays so, the "
                        + "log was rolled back: compare the database with its backups"
                    );
            default:
                return Failed(Describe(response.StatusCode));
        }
    }

    /// <summary>The cosignature by this witness's key among the lines of its answer. Other lines are ignored.</summary>
    private NoteSignature Cosignature(SignedNote note, string lines)
    {
        var answered = SignedNote.Parse($"{note.Text}\n{lines}");
        return answered.SignedBy(witness.Key).TryGetValue(witness.Key, out var cosignature)
            ? cosignature
            : throw new InvalidProofException("its key is not among the signers");
    }

    private static long? Size(string answer) =>
        answer.EndsWith('\n')
        && long.TryParse(answer.AsSpan(0, answer.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : null;

    private static string Describe(HttpStatusCode status) =>
        status switch
        {
            HttpStatusCode.NotFound => "does not know this log: it must be given the log's key (404)",
            HttpStatusCode.Forbidden => "trusts another key for this log than the one that signs (403)",
            HttpStatusCode.UnprocessableEntity =>
                "has cosigned another tree, which this one does not begin with (422): the log was changed, or forked. Audit it",
            _ => $"answers with status {(int)status}",
        };

    private WitnessReply Failed(string problem) => new(witness, Cosignature: null, problem);
}
