namespace Ledger.Contracts.Transparency;

/// <summary>
/// The error for a proof with right hashes and signatures, in which a newer ledger recorded something that this version does not know.
/// This version cannot tell whether the proof holds. The message says what is not known, in plain words.
/// </summary>
public sealed class NotProvenException(string message) : Exception(message)
{
    /// <param name="unknown">The unknown things, such as "the event type 'x'".</param>
    /// <param name="line">The line of the first unknown thing. Null if the file has only one event.</param>
    internal static NotProvenException Of(IEnumerable<string> unknown, long? line = null) =>
        new($"made by a newer ledger: this program does not know {string.Join(", ", unknown)}{(line is null ? "" : $" (line {line})")}");
}
