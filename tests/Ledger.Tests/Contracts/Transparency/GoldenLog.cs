using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>What is published of a test log of fifteen leaves, and its public test key.</summary>
internal static class GoldenLog
{
    public const string Vkey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    public const string Seed = "eca663f499017d2365c27c7a7679158d43cfec1330bdb259290afbd0d21777a0";

    public const string Checkpoint15 =
        "example.com/log/testdata\n15\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=\n\n"
        + "— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=\n";

    public static NoteSigner Signer => new("example.com/log/testdata", NoteKeyType.Ed25519, Convert.FromHexString(Seed));
}

/// <summary>A tree straight from RFC 6962 §2.1's definition, in memory.</summary>
internal sealed class MemoryTree(IReadOnlyList<byte[]> leafHashes)
{
    public static MemoryTree Of(IEnumerable<byte[]> leafHashes) => new([.. leafHashes]);

    public NodeReader Nodes => (nodes, _) => ValueTask.FromResult<IReadOnlyList<byte[]>>(
        [.. nodes.Select(node => Root(checked((int)(node.Index * node.Leaves)), checked((int)((node.Index + 1) * node.Leaves))))]);

    public byte[] Root(int first, int end)
    {
        if (end == first)
            return MerkleTree.EmptyRoot();
        if (end - first == 1)
            return leafHashes[first];
        var k = 1;
        while (k * 2 < end - first)
            k *= 2;
        return MerkleTree.NodeHash(Root(first, first + k), Root(first + k, end));
    }
}
