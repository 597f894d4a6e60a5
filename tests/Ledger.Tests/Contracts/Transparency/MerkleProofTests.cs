using System.Numerics;
using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>
/// Every proof of every tree to 300 leaves. Of trees to 70 leaves, and around 128 and 256, also everything near it, which must fail.
/// </summary>
[Trait("cost", "slow")]
public sealed class MerkleProofTests
{
    private const int MaxSize = 300;
    private static readonly byte[][] s_leaves =
    [.. Enumerable.Range(0, MaxSize).Select(i => MerkleTree.LeafHash([(byte)(i >> 8), (byte)i]))];
    private static readonly TestTree s_tree = new(s_leaves);
    private static readonly byte[][] s_roots = [.. Enumerable.Range(0, MaxSize + 1).Select(size => new MemoryTree(s_leaves).Root(0, size))];

    [Fact]
    public Task Every_inclusion_proof_to_300_leaves_holds_and_nothing_near_one_does() =>
        Parallel.ForEachAsync(
            Enumerable.Range(1, MaxSize),
            async (size, cancel) =>
            {
                Assert.Equal(s_roots[size], await MerkleRange.RootAsync(size, s_tree.Nodes, cancel));
                for (var index = 0; index < size; index++)
                {
                    var (leaf, root, path) = (
                        s_leaves[index], s_roots[size], await InclusionProof.ProveAsync(index, size, s_tree.Nodes, cancel));
                    Assert.Equal(InclusionHashes(index, size), path.Count);
                    Assert.True(InclusionProof.Check(index, size, leaf, path, root), $"leaf {index} of {size}");
                    if (!IsLookedAround(size))
                        continue;
                    foreach (var (name, damaged) in Damage.Of(path))
                        Fails(InclusionProof.Check(index, size, leaf, damaged, root), index, size, name);
                    foreach (
                        var (wrongIndex, wrongSize) in new (long, long)[]
                        {
                            (index - 1, size),
                            (index + 1, size),
                            (index ^ 2, size),
                            (index, size * 2),
                            (index, size / 2),
                            (-1, size),
                            (size, size),
                            (index, 0),
                            (index, -size),
                        }
                    )
                        Fails(InclusionProof.Check(wrongIndex, wrongSize, leaf, path, root), index, size, "another place");
                    foreach (var (name, wrong) in Damage.Of(leaf))
                        Fails(InclusionProof.Check(index, size, wrong, path, root), index, size, name);
                    foreach (var (name, wrong) in Damage.Of(root))
                        Fails(InclusionProof.Check(index, size, leaf, path, wrong), index, size, name);
                }
            }
        );

    [Fact]
    public Task Every_consistency_proof_to_300_leaves_holds_and_nothing_near_one_does() =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, MaxSize + 1),
            async (size, cancel) =>
            {
                for (var older = 0; older <= size; older++)
                {
                    var (olderRoot, root, proof) = (
                        s_roots[older], s_roots[size], await ConsistencyProof.ProveAsync(older, size, s_tree.Nodes, cancel));
                    Assert.Equal(ConsistencyHashes(older, size), proof.Count);
                    Assert.True(ConsistencyProof.Check(older, size, olderRoot, root, proof), $"{older} of {size}");
                    if (!IsLookedAround(size))
                        continue;
                    foreach (var (name, damaged) in Damage.Of(proof))
                        Fails(ConsistencyProof.Check(older, size, olderRoot, root, damaged), older, size, name);
                    foreach (var (name, wrong) in Damage.Of(olderRoot))
                        Fails(ConsistencyProof.Check(older, size, wrong, root, proof), older, size, name);
                    if (older == 0 && size > 0)
                        continue; // every tree begins with the empty one
                    foreach (var (name, wrong) in Damage.Of(root))
                        Fails(ConsistencyProof.Check(older, size, olderRoot, wrong, proof), older, size, name);
                    if (older == size)
                        continue;
                    foreach (
                        var (wrongOlder, wrongSize) in new (long, long)[]
                        {
                            (older - 1, size),
                            (older + 1, size),
                            (older ^ 2, size),
                            (older, size * 2),
                            (older, size / 2),
                            (size, older),
                            (-older, size),
                            (older, -size),
                            (0, size),
                            (size, size),
                        }
                    )
                        Fails(ConsistencyProof.Check(wrongOlder, wrongSize, olderRoot, root, proof), older, size, "another place");
                    Fails(ConsistencyProof.Check(older, size, root, olderRoot, proof), older, size, "the roots swapped");
                    Fails(ConsistencyProof.Check(older, size, root, root, proof), older, size, "the newer root twice");
                    Fails(ConsistencyProof.Check(older, size, olderRoot, olderRoot, proof), older, size, "the older root twice");
                }
            }
        );

    /// <summary>The shapes of trees between these are theirs again, a level lower.</summary>
    private static bool IsLookedAround(int size) => size <= 70 || Math.Abs(size - 128) <= 1 || Math.Abs(size - 256) <= 1;

    [Fact]
    public void Equal_sizes_with_different_roots_are_a_fork() =>
        Assert.All(Enumerable.Range(0, 20), size => Assert.False(ConsistencyProof.Check(size, size, s_roots[size], s_roots[size + 1], [])));

    [Theory]
    [InlineData(long.MaxValue - 1, long.MaxValue)]
    [InlineData(0, long.MaxValue)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(long.MinValue, long.MaxValue)]
    public void A_proof_of_an_absurd_size_fails(long index, long size)
    {
        var hashes = Enumerable.Repeat(s_leaves[0], 100).ToArray();
        Assert.False(InclusionProof.Check(index, size, s_leaves[0], hashes, s_roots[1]));
        Assert.False(ConsistencyProof.Check(index, size, s_roots[1], s_roots[2], hashes));
    }

    [Fact]
    public async Task What_is_not_in_the_tree_cannot_be_proved()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await InclusionProof.ProveAsync(5, 5, s_tree.Nodes));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await InclusionProof.ProveAsync(-1, 5, s_tree.Nodes));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ConsistencyProof.ProveAsync(6, 5, s_tree.Nodes));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ConsistencyProof.ProveAsync(-1, 5, s_tree.Nodes));
    }

    [Theory]
    [InlineData(31, 33)]
    [InlineData(64, 0)]
    [InlineData(32, 31)]
    public void A_node_joins_two_hashes_and_nothing_else(int left, int right) =>
        Assert.Throws<ArgumentException>(() => MerkleTree.NodeHash(new byte[left], new byte[right]));

    /// <summary>Without a message where there is nothing to say: this is asked millions of times.</summary>
    private static void Fails(bool holds, long first, long second, string damage)
    {
        if (holds)
            Assert.Fail($"{first} of {second} holds with {damage}");
    }

    /// <summary>
    /// One hash for each level at which the leaf's path and the last leaf's part, and one for each complete subtree left of it (RFC 9162's
    /// "inner" and "border").
    /// </summary>
    private static int InclusionHashes(long index, long size)
    {
        var inner = 64 - BitOperations.LeadingZeroCount((ulong)(index ^ (size - 1)));
        return inner + (inner == 64 ? 0 : BitOperations.PopCount((ulong)index >> inner));
    }

    /// <summary>
    /// The path of the older tree's last leaf above the largest complete subtree that ends there, and that subtree's root, unless it is
    /// the older tree itself.
    /// </summary>
    private static int ConsistencyHashes(long older, long size)
    {
        if (older == 0 || older == size)
            return 0;
        return InclusionHashes(older - 1, size) - BitOperations.TrailingZeroCount(older) + (BitOperations.IsPow2(older) ? 0 : 1);
    }
}
