using System.Runtime.CompilerServices;
using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Npgsql;

namespace Ledger.Audit.Tree;

/// <summary>Opens checkpoints: each must be signed by the log's key.</summary>
internal sealed class CheckpointSignatures(IReadOnlyList<NoteVerifier> keys, Findings findings)
{
    private static readonly string ReadSql = Sql.Load(typeof(CheckpointSignatures), nameof(ReadAsync));

    /// <summary>True if there are keys to check signatures with.</summary>
    public bool HasKeys => keys.Count > 0;

    /// <summary>With the keys of a request.</summary>
    public static CheckpointSignatures Of(AuditRequest request, Findings findings)
    {
        if (request.Keys.Count == 0)
            findings.Note("Signatures were not checked: give the log's public key (--key).");
        return new CheckpointSignatures(request.Keys, findings);
    }

    /// <summary>Signatures that were checked and hold.</summary>
    public long Checked { get; private set; }

    /// <summary>The checkpoints of the database from a size on, smallest first.</summary>
    public async IAsyncEnumerable<KeptCheckpoint> ReadAsync(
        NpgsqlConnection connection, long from, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await using var command = AuditSnapshot.Command(connection, ReadSql, from);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var (origin, size, root, note) = (
                reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2), reader.GetString(3));
            var name = $"the checkpoint of {origin} at size {size} (ledger.log_checkpoints)";
            if (Open(note, name, otherKeys: []) is not ({ } checkpoint, var isCounted))
                continue;
            if (checkpoint != new Checkpoint(origin, size, root))
            {
                findings.Add(
                    FindingKind.CheckpointSignature, name, $"size {size} and root {Convert.ToBase64String(root)}, as its columns say",
                    $"a note for {checkpoint.Origin}, size {checkpoint.Size} and root {Convert.ToBase64String(checkpoint.Root)}", Meaning);
            }
            // What was signed counts, wherever it is kept: but in the order of the table.
            yield return checkpoint.Size == size
                ? new KeptCheckpoint(checkpoint, name, isCounted)
                : new KeptCheckpoint(new Checkpoint(origin, size, root), name, IsCounted: false);
        }
    }

    /// <summary>A checkpoint that was kept outside the database; null: it is none, or not this log's, which is then a finding.</summary>
    public KeptCheckpoint? Open(KeptNote kept) => Open(kept.Note, kept.Name, kept.OtherKeys) is not ({ } checkpoint, var isCounted)
        ? null
        : new KeptCheckpoint(checkpoint, $"{kept.Name}, at size {checkpoint.Size}", isCounted) { IsOfEarlierName = kept.IsOfEarlierName };

    /// <summary>The checkpoint of a note; null: it is none, or not this log's, which is then a finding.</summary>
    /// <param name="text">The note.</param>
    /// <param name="name">Its name in a finding.</param>
    public Checkpoint? Open(string text, string name) => Open(text, name, otherKeys: []).Checkpoint;

    private (Checkpoint? Checkpoint, bool IsCounted) Open(string text, string name, IReadOnlyList<NoteVerifier> otherKeys)
    {
        try
        {
            var note = SignedNote.Parse(Encoding.UTF8.GetBytes(text));
            var checkpoint = Checkpoint.Parse(note.Text);
            if (keys.Count == 0)
                return (checkpoint, true);
            // A log that changed its key under one name has several.
            var isSigned = IsSignedBy(keys, note, checkpoint);
            if (!isSigned && !IsSignedBy(otherKeys, note, checkpoint))
                throw new InvalidProofException(Refusal(note, checkpoint));
            Checked += isSigned ? 1 : 0;
            return (checkpoint, isSigned);
        }
        catch (Exception e) when (e is FormatException or InvalidProofException)
        {
            findings.Add(FindingKind.CheckpointSignature, name, $"a checkpoint signed by {KeyNames()}", e.Message, Meaning);
            return (null, false);
        }
    }

    private static bool IsSignedBy(IReadOnlyList<NoteVerifier> keys, SignedNote note, Checkpoint checkpoint) =>
        note.SignedBy(keys.Where(key => key.Name == checkpoint.Origin)).Count > 0;

    private string Refusal(SignedNote note, Checkpoint checkpoint) => keys.Any(key => key.Name == checkpoint.Origin)
        ? $"it is signed by another key: {string.Join(", ", note.Signatures.Select(signature => $"{signature.Name}+{signature.KeyId:x8}"))}"
        : $"it is of the log '{checkpoint.Origin}', and no key of that name was given "
            + $"({string.Join(", ", keys.Select(key => key.Name).Distinct())})";

    private const string Meaning =
        "The log's key did not sign this: it is another log's, a forgery, or was changed. If the log had that name or key earlier, give "
        + "its vkey with a further --key.";

    private string KeyNames() =>
        keys.Count == 0 ? "the log's key" : string.Join(" or ", keys.Select(key => string.Join('+', key.ToString().Split('+').Take(2))));
}
