using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>What a proof must not survive: the must-fail classes of other implementations' test vectors, for any proof.</summary>
internal static class Damage
{
    private static readonly byte[] s_garbage = MerkleTree.LeafHash("garbage"u8);

    /// <summary>
    /// Proofs made of a good one that say something else: every hash changed, cut, lengthened, left out and swapped; a hash too many in
    /// front or behind; none.
    /// </summary>
    public static IEnumerable<(string Name, byte[][] Hashes)> Of(IReadOnlyList<byte[]> proof)
    {
        yield return ("garbage in front", [s_garbage, .. proof]);
        yield return ("garbage behind", [.. proof, s_garbage]);
        if (proof.Count > 1)
            yield return ("no hash", []);
        for (var i = 0; i < proof.Count; i++)
        {
            foreach (var (name, changed) in Of(proof[i]))
                yield return (name, [.. proof.Take(i), changed, .. proof.Skip(i + 1)]);
            yield return ("a hash left out", [.. proof.Take(i), .. proof.Skip(i + 1)]);
            if (i > 0)
                yield return ("two hashes swapped", [.. proof.Take(i - 1), proof[i], proof[i - 1], .. proof.Skip(i + 1)]);
        }
    }

    /// <summary>Hashes made of a good one that are another: a bit flipped (which one depends on the hash), cut, lengthened.</summary>
    public static IEnumerable<(string Name, byte[] Hash)> Of(byte[] hash)
    {
        var flipped = hash.ToArray();
        flipped[hash[0] % 32] ^= (byte)(1 << (hash[1] % 8));
        yield return ("a bit flipped", flipped);
        yield return ("a hash cut short", hash[..^1]);
        yield return ("a hash lengthened", [.. hash, 0]);
    }
}
