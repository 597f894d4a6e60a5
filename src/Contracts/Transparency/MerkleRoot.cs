using System.Numerics;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// Computes the RFC 6962 root of a list in one pass, in O(log n) memory. It keeps the roots of the complete subtrees that the binary
/// digits of the size name, largest first (a "compact range").
/// </summary>
public sealed class MerkleRoot
{
    private readonly List<byte[]> _subtrees = [];

    /// <summary>Leaves added so far.</summary>
    public long Size { get; private set; }

    /// <summary>Adds one leaf by its <see cref="MerkleTree.LeafHash"/>.</summary>
    public void AddLeaf(byte[] leafHash) => AddSubtree(leafHash, 1);

    /// <summary>
    /// Adds a complete subtree of <paramref name="leaves"/> leaves (a power of two) by its root. The size so far must be a
    /// multiple of it, or the subtree would not be a node of the tree.
    /// </summary>
    public void AddSubtree(byte[] root, long leaves)
    {
        if (!BitOperations.IsPow2(leaves) || Size % leaves != 0)
            throw new ArgumentException($"{leaves} leaves are no subtree at leaf {Size}", nameof(leaves));
        var hash = root;
        for (var carry = leaves; (Size & carry) != 0; carry <<= 1)
        {
            hash = MerkleTree.NodeHash(_subtrees[^1], hash);
            _subtrees.RemoveAt(_subtrees.Count - 1);
        }
        _subtrees.Add(hash);
        Size += leaves;
    }

    /// <summary>The root over everything added so far.</summary>
    public byte[] Root() => _subtrees.Count == 0 ? MerkleTree.EmptyRoot() : Root(_subtrees[^1], _subtrees.Count - 2);

    /// <summary>
    /// The root over everything added so far, followed by a last incomplete subtree. That subtree is given by its root. It is a node of
    /// the tree only if it has fewer leaves than the smallest subtree added.
    /// </summary>
    public byte[] RootWithLast(byte[] last) => Root(last, _subtrees.Count - 1);

    private byte[] Root(byte[] right, int next)
    {
        for (var i = next; i >= 0; i--)
            right = MerkleTree.NodeHash(_subtrees[i], right);
        return right;
    }
}
