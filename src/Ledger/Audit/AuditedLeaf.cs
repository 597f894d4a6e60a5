using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Projections;

namespace Ledger.Audit;

/// <summary>A leaf of the log with the event that is said to be there.</summary>
/// <param name="Index">Its place in the log, from 0.</param>
/// <param name="Stream">As in <see cref="LeafEntry.Stream"/>.</param>
/// <param name="Version">As in <see cref="LeafEntry.Version"/>; 0 where nothing says which event it is.</param>
/// <param name="Type">The event's type.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="Data">The event's JSON.</param>
/// <param name="Entry">The leaf's entry; null: there is no such event, or it cannot be a leaf.</param>
internal sealed record AuditedLeaf(
    long Index, string Stream, long Version, string Type, DateTimeOffset At, ReadOnlyMemory<byte> Data, byte[]? Entry)
{
    /// <summary>The leaf's hash; null without an entry.</summary>
    public byte[]? Hash { get; } = Entry is null ? null : MerkleTree.LeafHash(Entry);

    /// <summary><c>version 3 of cdj-…</c></summary>
    public string Event => Version == 0 ? "no event" : $"version {Version} of {Stream}";

    public override string ToString() => $"leaf {Index}, {Event}";

    /// <summary>A leaf without its event.</summary>
    public static AuditedLeaf Missing(long index, string stream, long version) =>
        new(index, stream, version, "", default, default, Entry: null);

    /// <summary>What a leaf calls a stream: a job by its job id, another by its own.</summary>
    public static string NameOf(Guid stream, string? type) =>
        type == StreamIds.JobType ? new JobId(stream).ToString() : stream.ToString("D");
}
