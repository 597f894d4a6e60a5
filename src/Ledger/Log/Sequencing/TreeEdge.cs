using Ledger.Contracts.Transparency;
using Ledger.Keys;

namespace Ledger.Log.Sequencing;

/// <summary>Some hashes of a tile, from its first on.</summary>
internal sealed record Tile(int Level, long Number, byte[] Hashes);

/// <summary>
/// The right edge of the tree: the one tile of each level that is not full. Leaves are added to it. It gives the changed tiles, and the
/// root.
/// </summary>
internal sealed class TreeEdge
{
    private const int TileBytes = TileId.FullWidth * MerkleTree.HashSize;

    private readonly List<Partial> _levels = [];
    private readonly List<Tile> _full = [];

    private sealed class Partial(long number)
    {
        public long Number = number;
        public byte[] Hashes = new byte[TileBytes];
        public int Length;
        public bool IsChanged;
    }

    /// <param name="size">Number of the tree's leaves.</param>
    /// <param name="stored">The stored partial tiles.</param>
    /// <exception cref="LogException">The tiles are not those of a tree of this size.</exception>
    public TreeEdge(long size, IReadOnlyList<Tile> stored)
    {
        Size = size;
        for (var level = 0; size >> (8 * level) > 0; level++)
        {
            var hashes = size >> (8 * level);
            var partial = new Partial(hashes / TileId.FullWidth) { Length = (int)(hashes % TileId.FullWidth) * MerkleTree.HashSize };
            var tile = stored.FirstOrDefault(tile => tile.Level == level && tile.Number == partial.Number);
            if ((tile?.Hashes.Length ?? 0) != partial.Length)
                throw new LogException(
                    $"the log's stored tile {level}/{partial.Number} does not have the {partial.Length / MerkleTree.HashSize} hashes of "
                    + $"a tree of {size} leaves: its database was changed. Restore it from a backup"
                );
            tile?.Hashes.CopyTo(partial.Hashes, 0);
            _levels.Add(partial);
        }
    }

    /// <summary>Number of leaves.</summary>
    public long Size { get; private set; }

    /// <summary>Adds one leaf by its hash.</summary>
    public void AddLeaf(ReadOnlySpan<byte> hash)
    {
        Add(0, hash);
        Size++;
    }

    /// <summary>The tiles that got new hashes: those that are full now, and the edge.</summary>
    public IEnumerable<Tile> Changed() => _full.Concat(_levels
        .Select((partial, level) => (partial, level))
        .Where(one => one.partial is { IsChanged: true, Length: > 0 })
        .Select(one => new Tile(one.level, one.partial.Number, one.partial.Hashes[..one.partial.Length])));

    /// <summary>The root. The edge's hashes are roots of complete subtrees, those of the highest level on the left.</summary>
    public byte[] Root()
    {
        var root = new MerkleRoot();
        for (var level = _levels.Count - 1; level >= 0; level--)
        {
            foreach (var hash in _levels[level].Hashes.AsMemory(0, _levels[level].Length).ToArray().Chunk(MerkleTree.HashSize))
                root.AddSubtree(hash, 1L << (8 * level));
        }
        return root.Root();
    }

    private void Add(int level, ReadOnlySpan<byte> hash)
    {
        if (level == _levels.Count)
            _levels.Add(new Partial(0));
        var tile = _levels[level];
        hash.CopyTo(tile.Hashes.AsSpan(tile.Length));
        tile.Length += hash.Length;
        tile.IsChanged = true;
        if (tile.Length < TileBytes)
            return;
        _full.Add(new Tile(level, tile.Number, tile.Hashes));
        var root = Root(tile.Hashes);
        (tile.Hashes, tile.Length, tile.Number) = (new byte[TileBytes], 0, tile.Number + 1);
        Add(level + 1, root);
    }

    /// <summary>The root over a full tile's hashes, computed pair by pair in place.</summary>
    private static byte[] Root(byte[] full)
    {
        var hashes = full.AsSpan().ToArray();
        for (var count = TileId.FullWidth / 2; count > 0; count /= 2)
        {
            for (var i = 0; i < count; i++)
                MerkleTree.NodeHash(At(hashes, 2 * i), At(hashes, 2 * i + 1)).CopyTo(At(hashes, i));
        }
        return hashes[..MerkleTree.HashSize];

        static Span<byte> At(byte[] hashes, int i) => hashes.AsSpan(i * MerkleTree.HashSize, MerkleTree.HashSize);
    }
}
