using System.Security.Cryptography;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Log.Sequencing;

namespace Ledger.Tests.Log;

/// <summary>The right edge, added to in passes of any length, stores the tiles and gives the root that RFC 6962 defines.</summary>
public sealed class TreeEdgeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    [InlineData(66_100)]
    public void Passes_of_any_length_give_the_same_tiles_and_the_right_root(int pass)
    {
        var leaves = Enumerable.Range(0, 66_100).Select(i => SHA256.HashData(BitConverter.GetBytes(i))).ToArray();
        var stored = new Dictionary<(int, long), byte[]>();
        var root = new MerkleRoot();
        // Every leaf on its own takes long: there, around the places where tiles become full.
        var from = pass == 1 ? 65_000 : 0;
        Add(leaves.AsSpan(0, from), 0, stored, root);
        for (; from < leaves.Length; from += pass)
            Add(leaves.AsSpan(from, Math.Min(pass, leaves.Length - from)), from, stored, root);
        Assert.Equal(leaves.SelectMany(leaf => leaf), Level(stored, 0));
        Assert.Equal(leaves.Length / 256 * 32, Level(stored, 1).Length);
        Assert.Equal(leaves.Length / 65_536 * 32, Level(stored, 2).Length);
        Assert.Equal(Level(stored, 2), RootOf(Level(stored, 1)[..8192]));
        Assert.Equal(Level(stored, 1)[32..64], RootOf(Level(stored, 0)[8192..16384]));
    }

    [Fact]
    public void Tiles_of_another_tree_are_refused()
    {
        var tile = new Tile(0, 1, new byte[44 * 32]);
        var upper = new Tile(1, 0, new byte[32]);
        _ = new TreeEdge(300, [tile, upper]);
        foreach (
            var tiles in new Tile[][]
            {
                [tile],
                [upper],
                [tile with { Hashes = new byte[43 * 32] }, upper],
                [tile with { Hashes = new byte[45 * 32] }, upper],
                [tile with { Number = 0 }, upper],
            }
        )
            Assert.Throws<LogException>(() => new TreeEdge(300, tiles));
    }

    private static void Add(ReadOnlySpan<byte[]> leaves, int size, Dictionary<(int, long), byte[]> stored, MerkleRoot root)
    {
        var edge = new TreeEdge(
            size,
            [
                .. stored
                    .Where(tile => tile.Key.Item2 == size >> (8 * (tile.Key.Item1 + 1)))
                    .Select(tile => new Tile(tile.Key.Item1, tile.Key.Item2, tile.Value)),
            ]
        );
        foreach (var leaf in leaves)
        {
            edge.AddLeaf(leaf);
            root.AddLeaf(leaf);
        }
        Assert.Equal(root.Root(), edge.Root());
        foreach (var tile in edge.Changed())
        {
            // As the database has it: a tile only grows.
            if (stored.TryGetValue((tile.Level, tile.Number), out var old))
                Assert.True(tile.Hashes.AsSpan().StartsWith(old));
            stored[(tile.Level, tile.Number)] = tile.Hashes;
        }
    }

    private static byte[] Level(Dictionary<(int Level, long Number), byte[]> stored, int level) =>
        [.. stored.Where(tile => tile.Key.Level == level).OrderBy(tile => tile.Key.Number).SelectMany(tile => tile.Value)];

    private static byte[] RootOf(byte[] hashes)
    {
        var root = new MerkleRoot();
        foreach (var hash in hashes.Chunk(32))
            root.AddLeaf(hash);
        return root.Root();
    }
}
