using System.Numerics;
using System.Runtime.InteropServices;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// A complete subtree of the log's tree, over the leaves <c>[Index·2^Level, (Index+1)·2^Level)</c>. A log stores its root once it is
/// complete. Level 0 is the leaf hashes.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NodeId(int Level, long Index)
{
    /// <summary>Leaves of the subtree.</summary>
    public long Leaves => 1L << Level;

    /// <summary>The fewest complete subtrees that make up the leaves <c>[first, end)</c>, left to right.</summary>
    public static IReadOnlyList<NodeId> Covering(long first, long end)
    {
        var nodes = new List<NodeId>();
        while (first < end)
        {
            var level = Math.Min(first == 0 ? 62 : BitOperations.TrailingZeroCount(first), BitOperations.Log2((ulong)(end - first)));
            nodes.Add(new NodeId(level, first >> level));
            first += 1L << level;
        }
        return nodes;
    }

    /// <summary>
    /// The tile that holds the node's hash, and the range of hashes in it. If the level is not a multiple of 8, the node's hash follows
    /// from the hashes in that range.
    /// </summary>
    public (int TileLevel, long TileNumber, int First, int Count) InTile()
    {
        var within = Level % 8;
        var first = Index << within;
        return (Level / 8, first / TileId.FullWidth, (int)(first % TileId.FullWidth), 1 << within);
    }
}

/// <summary>Gives roots of complete subtrees in the requested order, from tiles in a database, from files or from memory.</summary>
public delegate ValueTask<IReadOnlyList<byte[]>> NodeReader(IReadOnlyList<NodeId> nodes, CancellationToken cancel);
