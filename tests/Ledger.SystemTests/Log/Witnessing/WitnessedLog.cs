using System.Security.Cryptography;
using Ledger.Contracts.Transparency;
using Ledger.Tests.Contracts.Transparency;

namespace Ledger.SystemTests.Log.Witnessing;

/// <summary>A log in memory, with a key of its own. It can be told to sign another tree, as a dishonest log would.</summary>
internal sealed class WitnessedLog
{
    private readonly NoteSigner _key = new("log.example/ledger", NoteKeyType.Ed25519, RandomNumberGenerator.GetBytes(32));

    public NoteVerifier Key => _key.Verifier;

    /// <summary>
    /// The tree that a branch of the log has at a size: the leaves are the branch's from <paramref name="from"/> on, and those of the main
    /// branch before.
    /// </summary>
    public static MemoryTree Tree(int size, string branch = "", int from = 0) =>
        MemoryTree.Of(
            Enumerable.Range(0, size).Select(i => MerkleTree.LeafHash(System.Text.Encoding.UTF8.GetBytes($"{(i < from ? "" : branch)}{i}")))
        );

    public static Checkpoint Checkpoint(int size, string branch = "", int from = 0) =>
        new("log.example/ledger", size, Tree(size, branch, from).Root(0, size));

    public SignedNote Sign(Checkpoint checkpoint) => new(checkpoint.Text, [_key.Sign(checkpoint.Text)]);

    /// <summary>A request to cosign a tree, with the proof that belongs to it.</summary>
    public async Task<AddCheckpointRequest> RequestAsync(int old, int size, string branch = "", int from = 0) =>
        new(old, await ConsistencyProof.ProveAsync(old, size, Tree(size, branch, from).Nodes), Sign(Checkpoint(size, branch, from)));
}
