using System.Buffers.Binary;
using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>Timestamped Ed25519 cosignatures of checkpoints (c2sp.org/tlog-cosignature v1.0.1, "cosignature/v1").</summary>
public static class Cosignature
{
    /// <summary>The bytes that a witness signs.</summary>
    /// <param name="unixSeconds">Seconds since 1970-01-01T00:00:00Z.</param>
    /// <param name="text">The note's whole text, its last newline included.</param>
    internal static byte[] Message(long unixSeconds, string text) => Encoding.UTF8.GetBytes(FormattableString.Invariant($"cosignature/v1\ntime {unixSeconds}\n{text}"));

    /// <summary>When a witness says that it cosigned: whole seconds, by its own clock.</summary>
    public static DateTimeOffset At(NoteSignature signature) => signature.Bytes.Length == 8 + Ed25519.SignatureSize
        && BinaryPrimitives.ReadInt64BigEndian(signature.Bytes) is >= 0 and <= 253_402_300_799 and var seconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new FormatException("a cosignature's time is none");
}
