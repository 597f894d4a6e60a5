namespace Ledger.Contracts.Transparency;

/// <summary>Proves and checks that a leaf is in a tree (RFC 6962 §2.1.1, RFC 9162 §2.1.3).</summary>
public static class InclusionProof
{
    /// <summary>The hashes that lead from a leaf to the root, the leaf's sibling first: <c>PATH(index, D[size])</c>.</summary>
    public static async ValueTask<IReadOnlyList<byte[]>> ProveAsync(
        long index, long size, NodeReader read, CancellationToken cancel = default)
    {
        if (index < 0 || index >= size)
            throw new ArgumentOutOfRangeException(nameof(index), $"a tree of {size} leaves has none at {index}");
        var siblings = new List<(long First, long End)>();
        for (var (first, end) = (0L, size); end - first > 1;)
        {
            var middle = first + MerkleRange.Split(end - first);
            siblings.Add(index < middle ? (middle, end) : (first, middle));
            (first, end) = index < middle ? (first, middle) : (middle, end);
        }
        siblings.Reverse();
        return await MerkleRange.RootsAsync(siblings, read, cancel);
    }

    /// <summary>True if the path leads from the leaf to the root (RFC 9162 §2.1.3.2). Its length must be exactly right.</summary>
    public static bool Check(long index, long size, byte[] leafHash, IReadOnlyList<byte[]> path, byte[] root)
    {
        if (index < 0 || index >= size || leafHash.Length != MerkleTree.HashSize)
            return false;
        var (fn, sn) = (index, size - 1);
        var hash = leafHash;
        foreach (var sibling in path)
        {
            if (sn == 0 || sibling.Length != MerkleTree.HashSize)
                return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                hash = MerkleTree.NodeHash(sibling, hash);
                while ((fn & 1) == 0 && fn != 0)
                    (fn, sn) = (fn >> 1, sn >> 1);
            }
            else
            {
                hash = MerkleTree.NodeHash(hash, sibling);
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && root.AsSpan().SequenceEqual(hash);
    }
}
