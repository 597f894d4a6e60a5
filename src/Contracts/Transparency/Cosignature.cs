using System.Buffers.Binary;
using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>Timestamped Ed25519 cosignatures of checkpoints (c2sp.org/tlog-cosignature v1.0.1, "cosignature/v1").</summary>
public static class Cosignature
{
    /// <summary>The bytes that a witness signs.</summary>
    /// <param name="unixSeconds">Seconds since 1970-01-01T00:00:00Z.</param>
    /// <param name="text">The note's whole text, its last newline included.</param>
    internal static byte[] Message(long unixSeconds, string text) =>
        Encoding.UTF8.GetBytes(FormattableString.Invariant($"cosignature/v1\ntime {unixSeconds}\n{text}"));

    /// <summary>When a witness says that it cosigned: whole seconds, by its own clock.</summary>
    /// <exception cref="FormatException">
    /// It is no cosignature. One that <see cref="SignedNote.SignedBy"/> gave for a witness's key is.
    /// </exception>
    public static DateTimeOffset At(NoteSignature signature) => TryReadTime(signature.Bytes, out var unixSeconds)
        ? DateTimeOffset.FromUnixTimeSeconds(unixSeconds)
        : throw new FormatException("a cosignature has a time up to the year 9999 and a signature of 64 bytes");

    /// <summary>
    /// Reads the eight bytes before the signature. The specification allows times up to 2^63 - 1; beyond the year 9999 none is a witness's
    /// clock.
    /// </summary>
    internal static bool TryReadTime(ReadOnlySpan<byte> signature, out long unixSeconds)
    {
        unixSeconds = signature.Length == 8 + Ed25519.SignatureSize ? BinaryPrimitives.ReadInt64BigEndian(signature) : -1;
        return unixSeconds is >= 0 and <= MaxUnixSeconds;
    }

    private const long MaxUnixSeconds = 253_402_300_799; // 9999-12-31T23:59:59Z
}
