using System.Security.Cryptography;

namespace Ledger.Tests.Verifier;

/// <summary>Numbers that look random and are the same in every run: hashes of a seed and a counter.</summary>
internal sealed class Chance
{
    private readonly long _seed;
    private long _drawn;

    private Chance(long seed) => _seed = seed;

    public static Chance Of(long seed) => new(seed);

    /// <summary>A number from 0 up to, not including, <paramref name="end"/>.</summary>
    public int Below(int end) =>
        (int)(BitConverter.ToUInt64(SHA256.HashData([.. BitConverter.GetBytes(_seed), .. BitConverter.GetBytes(_drawn++)])) % (ulong)end);

    /// <summary>The text with a byte removed, added or replaced, or cut.</summary>
    public byte[] Change(byte[] text)
    {
        var at = Below(text.Length);
        return Below(6) switch
        {
            0 => [.. text[..at], .. text[(at + 1)..]],
            1 => [.. text[..at], AnyByte(), .. text[at..]],
            2 => [.. text[..at], (byte)(text[at] ^ (1 << Below(8))), .. text[(at + 1)..]],
            3 => [.. text[..at], (byte)('0' + Below(10)), .. text[(at + 1)..]],
            4 => text[..at],
            _ => [.. text[..at], AnyByte(), .. text[(at + 1)..]],
        };
    }

    /// <summary>Often one that means something in the formats.</summary>
    private byte AnyByte() =>
        "\n \0\"\\,:{}[]0123456789-+.eE=azAZ/#"u8 is var usual && Below(2) == 0 ? usual[Below(usual.Length)] : (byte)Below(256);
}
