using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>RFC 6962 §2.1, against the values of other programs and against its own words.</summary>
public sealed class MerkleRootTests
{
    /// <summary>The eight entries that Certificate Transparency's implementations test with.</summary>
    private static readonly byte[][] s_reference =
    [
        .. new[] { "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" }.Select(
            Convert.FromHexString),
    ];

    private static readonly byte[][] s_entries = [.. Enumerable.Range(0, 301).Select(i => new[] { (byte)(i >> 8), (byte)i })];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void The_roots_of_the_reference_entries_are_known(int size, string root) =>
        Assert.Equal(root, Convert.ToHexStringLower(LeafByLeaf(s_reference.AsSpan(0, size)).Root()));

    [Fact]
    public void Every_size_to_300_has_the_RFCs_root()
    {
        for (var size = 0; size <= 300; size++)
        {
            var root = LeafByLeaf(s_entries.AsSpan(0, size));
            Assert.Equal(size, root.Size);
            Assert.Equal(Mth(s_entries.AsSpan(0, size)), root.Root());
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(64)]
    public void Rows_give_the_root_of_their_leaves(int row)
    {
        for (var size = 0; size <= 300; size++)
            Assert.Equal(Mth(s_entries.AsSpan(0, size)), RowByRow(s_entries.AsSpan(0, size), row));
    }

    [Theory]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(3073)]
    public void Rows_of_1024_give_the_root_of_their_leaves(int size)
    {
        var entries = Enumerable.Range(0, size).Select(BitConverter.GetBytes).ToArray();
        Assert.Equal(Mth(entries), RowByRow(entries, 1024));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(6, 4)]
    [InlineData(4, 3)]
    [InlineData(4, 0)]
    [InlineData(4, -4)]
    public void A_subtree_that_is_no_node_of_the_tree_is_refused(int size, int leaves)
    {
        var root = LeafByLeaf(s_entries.AsSpan(0, size));
        Assert.Throws<ArgumentException>(() => root.AddSubtree(new byte[32], leaves));
        Assert.Equal(
            (size, Convert.ToHexStringLower(Mth(s_entries.AsSpan(0, size)))), ((int)root.Size, Convert.ToHexStringLower(root.Root())));
    }

    /// <summary>As the manifest's root is computed: whole rows by their roots, the last incomplete one behind them.</summary>
    private static byte[] RowByRow(ReadOnlySpan<byte[]> entries, int row)
    {
        var root = new MerkleRoot();
        while (entries.Length >= row)
        {
            root.AddSubtree(LeafByLeaf(entries[..row]).Root(), row);
            entries = entries[row..];
        }
        return entries.Length == 0 ? root.Root() : root.RootWithLast(LeafByLeaf(entries).Root());
    }

    private static MerkleRoot LeafByLeaf(ReadOnlySpan<byte[]> entries)
    {
        var root = new MerkleRoot();
        foreach (var entry in entries)
            root.AddLeaf(MerkleTree.LeafHash(entry));
        return root;
    }

    /// <summary>MTH as the RFC defines it: k is the largest power of two smaller than n.</summary>
    private static byte[] Mth(ReadOnlySpan<byte[]> entries)
    {
        if (entries.Length <= 1)
            return entries.Length == 0
                ? System.Security.Cryptography.SHA256.HashData([])
                : System.Security.Cryptography.SHA256.HashData([0, .. entries[0]]);
        var k = 1;
        while (2 * k < entries.Length)
            k *= 2;
        return System.Security.Cryptography.SHA256.HashData([1, .. Mth(entries[..k]), .. Mth(entries[k..])]);
    }
}
