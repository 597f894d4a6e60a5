using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Log;
using Ledger.Machine;

namespace Ledger.Keys;

/// <summary>
/// The log's key in the key folder: <c>log.key</c>, one line in Go's private form, readable by the service's user alone. The key's name is
/// the log's origin.
/// </summary>
public static class LogKeyFile
{
    private const string KeyFile = "log.key";
    private const string NextKeyFile = "log.key.next";

    /// <summary>
    /// An origin for a log that was given none. Nobody else can have this name, and it shows that it is no public name.
    /// </summary>
    public static string DefaultOrigin() => $"ledger.localhost/{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>The problem with <paramref name="origin"/> as a log's name. Null if there is none.</summary>
    public static string? OriginProblem(string origin) =>
        NoteVerifier.IsName(origin)
        && !origin.Contains("//", StringComparison.Ordinal)
        && !origin.StartsWith('/')
        && !origin.EndsWith('/')
        && origin.All(char.IsAscii)
            ? null
            : "an origin is a URL without its scheme, like ledger.example.com/tenant-a: ASCII without spaces and '+', at most 255 "
                + "characters";

    /// <summary>Makes a fresh key in a folder that has none.</summary>
    public static void Create(string folder, string origin) => Write(Path.Combine(folder, KeyFile), origin, replace: false);

    /// <summary>The folder's key.</summary>
    /// <exception cref="LogException">There is no key, or the file is not a key. The message says what to do.</exception>
    public static NoteSigner Read(string folder) =>
        TryRead(Path.Combine(folder, KeyFile))
        ?? throw new LogException(
            $"'{folder}' holds no {KeyFile}: bring back the key that this log was signed with, or give the log a new name and key with "
            + "`ledger log new-origin`"
        );

    /// <summary>The folder's key. Null if there is none.</summary>
    public static NoteSigner? TryReadKey(string folder) => TryRead(Path.Combine(folder, KeyFile));

    /// <summary>
    /// The folder's key for <paramref name="origin"/>. If a crash interrupted the change to this name, the change is finished first.
    /// </summary>
    public static NoteSigner Read(string folder, string? origin)
    {
        if (origin is not null && TryRead(Path.Combine(folder, NextKeyFile))?.Verifier.Name == origin)
            Exchange(folder);
        var key = Read(folder);
        return origin is null || key.Verifier.Name == origin
            ? key
            : throw new LogException(
                $"the log goes under the name {origin}, and this node's {KeyFile} is that of {key.Verifier.Name}: copy the key folder of "
                + "the node where `ledger log new-origin` ran"
            );
    }

    /// <summary>
    /// Makes the key for a new origin, on the disk, beside the one in use; <see cref="Exchange"/> then takes it into use.
    /// </summary>
    public static NoteSigner Prepare(string folder, string origin)
    {
        var next = Path.Combine(folder, NextKeyFile);
        Write(next, origin, replace: true);
        return TryRead(next)!;
    }

    /// <summary>
    /// Takes the prepared key into use. Of the old key only the vkey stays, with the last checkpoint that it signed, so that its signatures
    /// can be checked for ever: <c>log-000001.vkey</c>, <c>log-000001.checkpoint</c>. Its private half is removed, because it must never
    /// sign again.
    /// </summary>
    /// <remarks>It may be repeated after a crash at any line.</remarks>
    public static void Exchange(string folder)
    {
        if (TryReadKey(folder) is { } old && old.Verifier != TryRead(Path.Combine(folder, NextKeyFile))!.Verifier)
            Retire(folder, old.Verifier);
        File.Move(Path.Combine(folder, NextKeyFile), Path.Combine(folder, KeyFile), overwrite: true);
        // The new name is signed with from here on: a power cut must not bring the old key back.
        DurableFile.SyncFolder(folder);
    }

    private static void Retire(string folder, NoteVerifier old)
    {
        var vkeys = Directory.GetFiles(folder, "log-*.vkey");
        var kept = Encoding.UTF8.GetBytes($"{old}\n");
        var vkey = Array.Find(vkeys, file => File.ReadAllBytes(file).AsSpan().SequenceEqual(kept))
            ?? Path.Combine(folder, $"log-{vkeys.Length + 1:D6}.vkey");
        DurableFile.Replace(vkey, $"{old}\n");
        var last = Path.Combine(folder, LogSigner.CheckpointFile);
        if (File.Exists(last))
            File.Move(last, Path.ChangeExtension(vkey, ".checkpoint"), overwrite: true);
        DurableFile.SyncFolder(folder);
    }

    private static NoteSigner? TryRead(string file)
    {
        if (!File.Exists(file))
            return null;
        var line = KeyFiles.Read(file, "they can sign in this log's name: `ledger log new-origin`", problem => new LogException(problem));
        try
        {
            return NoteSigner.Parse(line);
        }
        catch (FormatException e)
        {
            throw new LogException($"'{file}' is not a log's key: {e.Message}", e);
        }
    }

    private static void Write(string file, string origin, bool replace)
    {
        if (OriginProblem(origin) is { } problem)
            throw new InvalidOperationException(problem);
        var key = new NoteSigner(origin, NoteKeyType.Ed25519, RandomNumberGenerator.GetBytes(Ed25519.KeySize));
        KeyFiles.Create(file, key.PrivateKeyText(), replace);
    }
}
