using Ledger.Contracts.Transparency;
using Ledger.Database.Embedded;
using Ledger.Keys;
using Ledger.Machine;

namespace Ledger.Log;

/// <summary>
/// Signs checkpoints, and remembers the last in <c>log.checkpoint</c>, outside the database. So nothing is signed that contradicts it,
/// whatever happens to the database. It holds a lock on the key folder, so that processes that share the folder sign one at a time.
/// </summary>
internal sealed class LogSigner : IDisposable
{
    public const string CheckpointFile = "log.checkpoint";
    private const string LockFile = "log.lock";

    private readonly FileLock _lock;
    private readonly NoteSigner _key;
    private readonly string _file;

    private LogSigner(FileLock held, NoteSigner key, string file) => (_lock, _key, _file) = (held, key, file);

    public NoteVerifier Verifier => _key.Verifier;

    /// <summary>The key of <paramref name="origin"/>. Null if another process is signing, and the change to that name is to be
    /// finished.</summary>
    /// <exception cref="LogException">The folder's key is missing, damaged or another log's.</exception>
    public static NoteVerifier? Find(string folder, string origin)
    {
        if (LogKeyFile.Read(folder).Verifier is var key && key.Name == origin)
            return key;
        using var signer = TryOpen(folder, origin);
        return signer?.Verifier;
    }

    /// <summary>The signer of <paramref name="origin"/>. Null if another process is signing with this folder now.</summary>
    /// <exception cref="LogException">The folder's key is missing, damaged or another log's.</exception>
    public static LogSigner? TryOpen(string folder, string origin)
    {
        var held = TryLock(folder);
        if (held is null)
            return null;
        try
        {
            return new LogSigner(held, LogKeyFile.Read(folder, origin), Path.Combine(folder, CheckpointFile));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Takes only the lock. Null if another process has it.</summary>
    public static FileLock? TryLock(string folder)
    {
        var file = Path.Combine(folder, LockFile);
        var isNew = !File.Exists(file);
        var held = FileLock.TryExclusive(file);
        if (isNew && held is not null)
            DurableFile.GiveToOwnerOfFolder(file);
        return held;
    }

    /// <summary>The checkpoint that was signed last with this folder. Null if there is none yet.</summary>
    /// <exception cref="LogException">The file is not a checkpoint that this key signed.</exception>
    public Checkpoint? Last() => Read(_file, Verifier);

    /// <summary>The checkpoint that was signed last with a folder, by whatever process. Null if there is none yet.</summary>
    /// <exception cref="LogException">The file is not a checkpoint that this key signed.</exception>
    public static Checkpoint? LastOf(string folder, NoteVerifier key) => Read(Path.Combine(folder, CheckpointFile), key);

    /// <summary>The exception for a missing file, though the database has a checkpoint of this key.</summary>
    public static LogException Forgotten(string folder) => new(
        $"'{Path.Combine(folder, CheckpointFile)}' is missing, though this log was signed before. Without it an older copy of the "
        + "database would not be noticed: put the file back, or go on under a new name with `ledger log new-origin`");

    /// <summary>The checkpoint that a folder's file holds, signed by its key.</summary>
    public static Checkpoint? Read(string file, NoteVerifier key)
    {
        if (!File.Exists(file))
            return null;
        try
        {
            return Checkpoint.Open(SignedNote.Parse(File.ReadAllBytes(file)), key);
        }
        catch (Exception e) when (e is FormatException or InvalidProofException)
        {
            throw new LogException(
                $"'{file}' is not a checkpoint that this log's key signed ({e.Message}): restore it, or go on under a new name with "
                + "`ledger log new-origin`",
                e);
        }
    }

    /// <summary>Signs. The caller has proven the checkpoint consistent with <see cref="Last"/> and the database's.</summary>
    public SignedNote Sign(Checkpoint checkpoint)
    {
        var note = new SignedNote(checkpoint.Text, [_key.Sign(checkpoint.Text)]);
        // Remembered before it is known to anybody: a crash leaves a memory of what was perhaps never stored, and the next pass stores it,
        // since the same checkpoint has the same signature.
        DurableFile.Replace(_file, note.ToString());
        return note;
    }

    public void Dispose() => _lock.Dispose();
}
