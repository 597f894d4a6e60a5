using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Database.Embedded;
using Ledger.Log.Cosigning;
using Ledger.Machine;

namespace Ledger.Witnessing;

/// <summary>
/// The memory of a witness: the last checkpoint that it cosigned of each log, one file each, <c>SHA-256(origin).checkpoint</c>. A file
/// holds the note with the log's signature and the witness's own. Only one process at a time has the folder. If the folder is lost, or an
/// older copy is brought back, the witness forgets what it vouched for.
/// </summary>
public sealed class WitnessState : IDisposable
{
    private const string LockFile = "witness.lock";
    private const string Extension = ".checkpoint";

    private readonly string _folder;
    private readonly FileLock _lock;
    private readonly Dictionary<string, SignedNote> _latest = new(StringComparer.Ordinal);

    private WitnessState(string folder, FileLock held) => (_folder, _lock) = (folder, held);

    /// <summary>Origins of the logs that it cosigned.</summary>
    public IReadOnlyCollection<string> Origins => _latest.Keys;

    /// <summary>Opens the folder for this process alone, and reads all of it. It makes the folder if it does not exist.</summary>
    /// <param name="witness">The witness's key. A checkpoint that it did not cosign is not its state.</param>
    /// <exception cref="WitnessException">Another process has the folder, or something in it cannot be read.</exception>
    public static WitnessState Open(string folder, NoteVerifier witness)
    {
        Directory.CreateDirectory(folder);
        var held =
            FileLock.TryExclusive(Path.Combine(folder, LockFile))
            ?? throw new WitnessException(
                $"another process witnesses with the state in '{folder}': two would vouch for two trees. Stop it, or give this one a "
                + "folder (and a key) of its own"
            );
        var state = new WitnessState(folder, held);
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder, $"*{Extension}"))
                state.Read(file, witness);
            return state;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The name of a log's file, without the extension. It is also the log's place in the monitoring address.</summary>
    public static string Name(string origin) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));

    /// <summary>The last checkpoint that was cosigned for a log. Null if there is none.</summary>
    public SignedNote? Latest(string origin)
    {
        lock (_latest)
            return _latest.GetValueOrDefault(origin);
    }

    /// <summary>
    /// Replaces the checkpoint that is remembered, and returns once the new one is on disk. Only one caller per origin at a time.
    /// </summary>
    public void Replace(string origin, SignedNote cosigned)
    {
        DurableFile.Replace(Path.Combine(_folder, Name(origin) + Extension), cosigned.ToString());
        lock (_latest)
            _latest[origin] = cosigned;
    }

    public void Dispose() => _lock.Dispose();

    private void Read(string file, NoteVerifier witness)
    {
        try
        {
            var note = SignedNote.Parse(File.ReadAllBytes(file));
            var checkpoint = Checkpoint.Parse(note.Text);
            if (Path.GetFileNameWithoutExtension(file) != Name(checkpoint.Origin))
                throw new FormatException($"by its name it is not of the log '{checkpoint.Origin}'");
            if (note.SignedBy(witness).Count == 0)
                throw new FormatException($"it is not cosigned by {witness.Name}, but is perhaps another witness's");
            _latest.Add(checkpoint.Origin, note);
        }
        catch (Exception e) when (e is FormatException or InvalidProofException or IOException or UnauthorizedAccessException)
        {
            throw new WitnessException(
                $"'{file}' cannot be read as what this witness last cosigned ({e.Message}). Restore it, exactly as it was: an older copy "
                + "would let the log rewrite what came since. "
                + "Where it is lost, end this witness and begin anew with a new key and folder", e);
        }
    }
}
