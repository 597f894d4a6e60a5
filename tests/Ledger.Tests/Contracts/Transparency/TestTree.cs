using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>
/// The complete subtrees of a list of leaves, hashed once: what <see cref="MemoryTree"/> says slowly, for tests that ask often.
/// </summary>
internal sealed class TestTree
{
    private readonly List<byte[][]> _levels = [];

    public TestTree(IEnumerable<byte[]> leafHashes)
    {
        _levels.Add([.. leafHashes]);
        while (_levels[^1] is { Length: > 1 } below)
            _levels.Add([.. Enumerable.Range(0, below.Length / 2).Select(i => MerkleTree.NodeHash(below[2 * i], below[2 * i + 1]))]);
    }

    public byte[] LeafHash(long index) => _levels[0][index];

    public NodeReader Nodes =>
        (nodes, _) => ValueTask.FromResult<IReadOnlyList<byte[]>>([.. nodes.Select(node => _levels[node.Level][node.Index])]);
}
