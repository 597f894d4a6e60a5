using System.Numerics;

namespace Ledger.Contracts.Transparency;

/// <summary>Proves and checks that a tree begins with an earlier one (RFC 6962 §2.1.2, RFC 9162 §2.1.4).</summary>
public static class ConsistencyProof
{
    /// <summary>The hashes of <c>PROOF(older, D[size])</c>. Empty if the sizes are equal or the older tree is empty.</summary>
    public static async ValueTask<IReadOnlyList<byte[]>> ProveAsync(
        long older, long size, NodeReader read, CancellationToken cancel = default)
    {
        if (older < 0 || older > size)
            throw new ArgumentOutOfRangeException(nameof(older), $"a tree of {size} leaves does not begin with {older}");
        var ranges = new List<(long First, long End)>();
        if (older == 0 || older == size)
            return [];
        var (first, end) = (0L, size);
        // SUBPROOF: down to the subtree that ends where the older tree ends.
        while (end != older)
        {
            var middle = first + MerkleRange.Split(end - first);
            ranges.Add(older <= middle ? (middle, end) : (first, middle));
            (first, end) = older <= middle ? (first, middle) : (middle, end);
        }
        if (first > 0) // otherwise it is the older tree itself, whose root the checker has
            ranges.Add((first, end));
        ranges.Reverse();
        return await MerkleRange.RootsAsync(ranges, read, cancel);
    }

    /// <summary>
    /// True if the tree of <paramref name="size"/> begins with the older one (RFC 9162 §2.1.4.2). Every tree begins with the empty one.
    /// </summary>
    public static bool Check(long older, long size, byte[] olderRoot, byte[] root, IReadOnlyList<byte[]> proof)
    {
        if (older < 0 || older > size || olderRoot.Length != MerkleTree.HashSize || root.Length != MerkleTree.HashSize)
            return false;
        if (older == 0 && !olderRoot.AsSpan().SequenceEqual(MerkleTree.EmptyRoot()))
            return false;
        if (older == 0 || older == size)
            return proof.Count == 0 && (older < size || olderRoot.AsSpan().SequenceEqual(root));
        IReadOnlyList<byte[]> path = BitOperations.IsPow2(older) ? [olderRoot, .. proof] : proof;
        if (path.Count == 0 || path[0].Length != MerkleTree.HashSize)
            return false;
        var (fn, sn) = (older - 1, size - 1);
        while ((fn & 1) == 1)
            (fn, sn) = (fn >> 1, sn >> 1);
        var (fr, sr) = (path[0], path[0]);
        foreach (var hash in path.Skip(1))
        {
            if (sn == 0 || hash.Length != MerkleTree.HashSize)
                return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                (fr, sr) = (MerkleTree.NodeHash(hash, fr), MerkleTree.NodeHash(hash, sr));
                while ((fn & 1) == 0 && fn != 0)
                    (fn, sn) = (fn >> 1, sn >> 1);
            }
            else
            {
                sr = MerkleTree.NodeHash(sr, hash);
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && olderRoot.AsSpan().SequenceEqual(fr) && root.AsSpan().SequenceEqual(sr);
    }
}
