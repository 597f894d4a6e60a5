using System.Numerics;

namespace Ledger.Contracts.Transparency;

/// <summary>Computes roots over ranges of leaves from a log's stored complete subtrees. Each range is a node of some tree.</summary>
public static class MerkleRange
{
    /// <summary>The largest power of two smaller than <paramref name="leaves"/> (RFC 6962 §2.1's k); leaves is at least 2.</summary>
    internal static long Split(long leaves) => 1L << BitOperations.Log2((ulong)(leaves - 1));

    /// <summary>The root of the whole tree.</summary>
    public static async ValueTask<byte[]> RootAsync(long size, NodeReader read, CancellationToken cancel = default) =>
        size == 0 ? MerkleTree.EmptyRoot() : (await RootsAsync([(0, size)], read, cancel))[0];

    /// <summary>The roots over several ranges, with one read.</summary>
    internal static async ValueTask<IReadOnlyList<byte[]>> RootsAsync(
        IReadOnlyList<(long First, long End)> ranges, NodeReader read, CancellationToken cancel)
    {
        var nodes = ranges.Select(range => NodeId.Covering(range.First, range.End)).ToArray();
        var hashes = await read([.. nodes.SelectMany(covering => covering)], cancel);
        var roots = new List<byte[]>(ranges.Count);
        var next = 0;
        foreach (var covering in nodes)
        {
            // Complete subtrees of falling size: the root joins them from the right.
            var root = hashes[next + covering.Count - 1];
            for (var i = covering.Count - 2; i >= 0; i--)
                root = MerkleTree.NodeHash(hashes[next + i], root);
            roots.Add(root);
            next += covering.Count;
        }
        return roots;
    }
}
