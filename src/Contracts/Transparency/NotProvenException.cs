namespace Ledger.Contracts.Transparency;

/// <summary>
/// Hashes and signatures are right, and a newer ledger recorded what this version does not know: it can tell neither that the proof holds
/// nor that it does not. The message says what is not known, in plain words.
/// </summary>
public sealed class NotProvenException(string message) : Exception(message)
{
    /// <param name="unknown">What is not known, such as "the event type 'x'".</param>
    /// <param name="line">Where the first of it stands; null where the file has but one event.</param>
    internal static NotProvenException Of(IEnumerable<string> unknown, long? line = null) =>
        new($"made by a newer ledger: this program does not know {string.Join(", ", unknown)}{(line is null ? "" : $" (line {line})")}");
}
