using Ledger.Contracts.Transparency;
using Ledger.Transparency;

namespace Ledger.Cli;

/// <summary>The public keys of a key folder: the log's, and those that it had under earlier names.</summary>
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
                keys.Add(NoteVerifier.Parse(File.ReadAllText(file).Trim()));
            }
            catch (FormatException e)
            {
                throw new CommandException($"'{file}' is not a vkey: {e.Message}");
            }
        }
        return keys;
    }
}
