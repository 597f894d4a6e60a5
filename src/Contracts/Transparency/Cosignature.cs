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

    /// <summary>The instant at which a witness says that it cosigned, in whole seconds by its own clock.</summary>
    /// <exception cref="FormatException">
    /// The signature is not a cosignature. Never thrown for one that <see cref="SignedNote.SignedBy"/> gave for a witness's key.
    /// </exception>
    public static DateTimeOffset At(NoteSignature signature) => TryReadTime(signature.Bytes, out var unixSeconds)
        ? DateTimeOffset.FromUnixTimeSeconds(unixSeconds)
        : throw new FormatException("a cosignature has a time up to the year 9999 and a signature of 64 bytes");

    /// <summary>
    /// Reads the eight bytes before the signature. The specification allows times up to 2^63 - 1. Times beyond the year 9999 are refused,
    /// because no witness's clock shows them.
    /// </summary>
    internal static bool TryReadTime(ReadOnlySpan<byte> signature, out long unixSeconds)
    {
        unixSeconds = signature.Length == 8 + Ed25519.SignatureSize ? BinaryPrimitives.ReadInt64BigEndian(signature) : -1;
        return unixSeconds is >= 0 and <= MaxUnixSeconds;
    }

    private const long MaxUnixSeconds = 253_402_300_799; // 9999-12-31T23:59:59Z
}
