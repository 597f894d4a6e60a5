using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Projections;

namespace Ledger.Audit;

/// <summary>A leaf of the log, with the event that should be there.</summary>
/// <param name="Index">Its place in the log, from 0.</param>
/// <param name="Stream">As in <see cref="LeafEntry.Stream"/>.</param>
/// <param name="Version">As in <see cref="LeafEntry.Version"/>; 0 if nothing tells which event it is.</param>
/// <param name="Type">The event's type.</param>
/// <param name="At">The instant at which it was recorded.</param>
/// <param name="Data">The event's JSON.</param>
/// <param name="Entry">The leaf's entry. Null if there is no such event, or if it cannot be a leaf.</param>
internal sealed record AuditedLeaf(
    long Index, string Stream, long Version, string Type, DateTimeOffset At, ReadOnlyMemory<byte> Data, byte[]? Entry)
{
    /// <summary>The leaf's hash; null if there is no entry.</summary>
    public byte[]? Hash { get; } = Entry is null ? null : MerkleTree.LeafHash(Entry);

    /// <summary>The event in words, such as <c>version 3 of cdj-…</c>.</summary>
    public string Event => Version == 0 ? "no event" : $"version {Version} of {Stream}";

    public override string ToString() => $"leaf {Index}, {Event}";

    /// <summary>A leaf without its event.</summary>
    public static AuditedLeaf Missing(long index, string stream, long version) =>
        new(index, stream, version, "", default, default, Entry: null);

    /// <summary>The name of a stream in a leaf: the job id for a job, else the stream's own id.</summary>
    public static string NameOf(Guid stream, string? type) =>
        type == StreamIds.JobType ? new JobId(stream).ToString() : stream.ToString("D");
}
