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
    public int Below(int end) => (int)(BitConverter.ToUInt64(SHA256.HashData([.. BitConverter.GetBytes(_seed), .. BitConverter.GetBytes(_drawn++)])) % (ulong)end);
}
