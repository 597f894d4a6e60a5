using Ledger.Audit;
using Ledger.Contracts.Bytes;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Log;

namespace Ledger.Cli.Log;

/// <summary>
/// The log's public keys and its last signed checkpoints in a key folder, also those of the names that the log had earlier.
/// </summary>
internal static class LogKeys
{
    public static IReadOnlyList<NoteVerifier> Of(string folder)
    {
        var keys = new List<NoteVerifier>();
        if (LogKeyFile.TryReadKey(folder) is { } current)
            keys.Add(current.Verifier);
        if (!Directory.Exists(folder))
            return keys;
        foreach (var file in Directory.GetFiles(folder, "log-*.vkey").Order(StringComparer.Ordinal))
        {
            try
            {
                keys.Add(NoteVerifier.Parse(StrictText.Line(File.ReadAllBytes(file))));
            }
            catch (FormatException e)
            {
                throw new CommandException($"'{file}' is not a vkey: {e.Message}");
            }
        }
        return keys;
    }

    /// <summary>The last checkpoint that the log's signer signed, and the last one of each earlier name.</summary>
    public static IReadOnlyList<KeptNote> CheckpointsOf(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        // Of a folder whose private keys the auditor may not read, the checkpoints are still compared, by the keys that the auditor gave.
        IReadOnlyList<NoteVerifier> keys;
        try
        {
            keys = Of(folder);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or LogException or CommandException)
        {
            keys = [];
        }
        var earlier = Directory.GetFiles(folder, "log-*.checkpoint").Order(StringComparer.Ordinal);
        return [.. earlier.Append(Path.Combine(folder, LogSigner.CheckpointFile)).Where(File.Exists).Select(file => Read(file, keys))];
    }

    private static KeptNote Read(string file, IReadOnlyList<NoteVerifier> keys)
    {
        try
        {
            return new KeptNote(StrictText.Utf8(File.ReadAllBytes(file)), $"the checkpoint beside the keys, {file}")
            {
                OtherKeys = keys,
                IsOfEarlierName = Path.GetFileName(file) != LogSigner.CheckpointFile,
            };
        }
        catch (FormatException e)
        {
            throw new CommandException($"the checkpoint beside the keys, {file}, cannot be read ({e.Message}): restore it");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CommandException(
                $"the checkpoint beside the keys cannot be read ({e.Message}): audit as a user who may, or give --key alone");
        }
    }
}
