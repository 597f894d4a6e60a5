using System.Buffers;
using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>c2sp.org/tlog-tiles: paths, which tiles a log has, and that its tiles give its root.</summary>
public sealed class TileTests
{
    [Theory]
    [InlineData(0, 0, 256, "tile/0/000")]
    [InlineData(0, 999, 256, "tile/0/999")]
    [InlineData(1, 1000, 256, "tile/1/x001/000")]
    [InlineData(63, 1234067, 255, "tile/63/x001/x234/067.p/255")]
    [InlineData(TileId.Entries, 1234067, 1, "tile/entries/x001/x234/067.p/1")]
    [InlineData(2, 1000000, 256, "tile/2/x001/x000/000")]
    public void Tiles_have_the_specifications_paths(int level, long number, int width, string path)
    {
        var tile = new TileId(level, number, width);
        Assert.Equal(path, tile.Path);
        Assert.True(TileId.TryParse(path, out var parsed));
        Assert.Equal(tile, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/x000/000")]
    [InlineData("tile/0/001/000")]
    [InlineData("tile/0/x001/x000")]
    [InlineData("tile/0/xx01/000")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/+1/000")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/.p/1")]
    [InlineData("tile/0/x001.p/000")]
    [InlineData("tile/Entries/000")]
    [InlineData("tile/0/０００")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/000/")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/999")]
    public void Other_spellings_are_no_path(string path) => Assert.False(TileId.TryParse(path, out _));

    /// <summary>Widths of the last tile of each level, and how many full ones are left of it.</summary>
    [Theory]
    [InlineData(1, "0: 0 full .p/1")]
    [InlineData(255, "0: 0 full .p/255")]
    [InlineData(256, "0: 1 full .p/0, 1: 0 full .p/1")]
    [InlineData(70_000, "0: 273 full .p/112, 1: 1 full .p/17, 2: 0 full .p/1")]
    [InlineData(65_536, "0: 256 full .p/0, 1: 1 full .p/0, 2: 0 full .p/1")]
    public void A_log_has_the_tiles_that_its_size_implies(long size, string expected)
    {
        var levels = Enumerable
            .Range(0, 8)
            .Select(level =>
            {
                var full = 0;
                while (new TileId(level, full, 256).IsWithin(size))
                    full++;
                var partial = Enumerable.Range(1, 255).LastOrDefault(width => new TileId(level, full, width).IsWithin(size));
                return (Level: level, Full: full, Partial: partial);
            });
        Assert.Equal(
            expected,
            string.Join(
                ", ",
                levels
                    .Where(level => level.Full + level.Partial > 0)
                    .Select(level => $"{level.Level}: {level.Full} full .p/{level.Partial}")
            )
        );
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(63)]
    public void No_log_has_tiles_of_more_leaves_than_can_be_counted(int level) =>
        Assert.False(new TileId(level, 0, 1).IsWithin(long.MaxValue));

    [Fact]
    public void Bundles_are_had_as_far_as_there_are_entries()
    {
        Assert.True(new TileId(TileId.Entries, 1, 44).IsWithin(300));
        Assert.False(new TileId(TileId.Entries, 1, 45).IsWithin(300));
        Assert.False(new TileId(TileId.Entries, (1L << 53) / 256, 1).IsWithin(300));
    }

    /// <summary>A tile's hashes, joined, are the hash that the tile above holds of it; and every node is found in its tile.</summary>
    [Fact]
    public async Task Nodes_follow_from_the_tiles_that_hold_them()
    {
        const int Size = 70_000;
        var tree = new TestTree(Enumerable.Range(0, Size).Select(i => MerkleTree.LeafHash(BitConverter.GetBytes(i))));
        foreach (var node in NodeId.Covering(0, Size).Concat(NodeId.Covering(1, Size)).Concat(NodeId.Covering(12_345, 67_890)))
        {
            var (level, number, first, count) = node.InTile();
            Assert.True(new TileId(level, number, first + count).IsWithin(Size));
            var hashes = await tree.Nodes(
                [.. Enumerable.Range(first, count).Select(i => new NodeId(8 * level, number * 256 + i))], default);
            var joined = new MerkleRoot();
            foreach (var hash in hashes)
                joined.AddSubtree(hash, 1);
            Assert.Equal((await tree.Nodes([node], default))[0], joined.Root());
        }
    }

    [Fact]
    public void A_range_is_covered_without_gap_or_overlap_by_nodes_of_the_tree()
    {
        for (var first = 0; first <= 130; first++)
        {
            for (var end = first; end <= 130; end++)
            {
                var next = (long)first;
                foreach (var node in NodeId.Covering(first, end))
                {
                    Assert.Equal(next, node.Index * node.Leaves);
                    next += node.Leaves;
                }
                Assert.Equal(end, next);
            }
        }
    }

    [Fact]
    public void A_bundle_has_at_most_256_entries_and_is_not_cut_short()
    {
        Assert.Equal(256, TileId.ReadBundle(new byte[2 * 256]).Count);
        Assert.Throws<FormatException>(() => TileId.ReadBundle(new byte[2 * 257]));
        Assert.Throws<FormatException>(() => TileId.ReadBundle(new byte[] { 0 }));
        Assert.Throws<FormatException>(() => TileId.ReadBundle(new byte[] { 0, 2, 1 }));
    }

    [Fact]
    public void A_bundles_entry_has_at_most_65535_bytes()
    {
        var bundle = new ArrayBufferWriter<byte>();
        TileId.AppendTo(bundle, new byte[65_535]);
        Assert.Equal(65_535, TileId.ReadBundle(bundle.WrittenMemory).Single().Length);
        Assert.Throws<ArgumentException>(() => TileId.AppendTo(bundle, new byte[65_536]));
    }
}
