using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.EventStore;
using Ledger.Projections.Status;

namespace Ledger.Audit;

/// <summary>One stream as its events go by: its versions, and what they fold to.</summary>
/// <param name="id">The stream.</param>
/// <param name="type">Its type; null: it has no row.</param>
/// <param name="rowVersion">The version that its row says; null: it has no row, or it is not known (a mirror).</param>
/// <param name="findings">Where differences go.</param>
internal sealed class FoldedStream(Guid id, string? type, long? rowVersion, Findings findings)
{
    private static readonly ProjectedStream Nothing = new(default, type: null);

    private bool _isReleased;

    public Guid Id => id;
    public string? Type => type;
    public string Name { get; } = AuditedLeaf.NameOf(id, type);

    /// <summary>The version of the last event.</summary>
    public long Version { get; private set; }

    /// <summary>The fold of a job's events; null: another stream's, or nothing could be folded.</summary>
    public JobFold? Job { get; private set; } = type == StreamIds.JobType ? new JobFold() : null;

    /// <summary>What the events fold to in each projection.</summary>
    public ProjectedStream Projected { get; private set; } = new(id, type);

    /// <summary>An event could not be read or does not belong where it stands: nothing that follows from it is compared.</summary>
    public bool IsBroken { get; private set; }

    public void Apply(long version, string eventType, string data, DateTimeOffset at)
    {
        if (version != Version + 1)
        {
            findings.Add(
                FindingKind.StreamVersion, $"stream {Name}", $"version {Version + 1} after version {Version}", $"version {version}",
                "A stream's versions have no gaps: events between them were removed, or this one was inserted past the ledger.");
        }
        Version = version;
        if (IsBroken)
            return;
        if (_isReleased)
        {
            AddRule(version, new JobRule("nothing after the job's end", $"an event of type {eventType}"));
            return;
        }
        try
        {
            Fold(EventType.Read(eventType, data), version, Instant.Truncate(at));
        }
        catch (NotSupportedException)
        {
            IsBroken = true;
            findings.Note($"Events of type '{eventType}' are of a newer version of the ledger: what follows from them was not compared (first in version {version} of {Name}).");
        }
        catch (Exception e) when (ProjectedStream.IsMisplaced(e))
        {
            IsBroken = true;
            // A reader's own message may quote what is there.
            findings.Add(
                e is InvalidOperationException ? FindingKind.JobRule : FindingKind.EventUnreadable, $"version {version} of {Name} ({eventType})", "an event that can come here",
                e is InvalidOperationException ? e.Message : "something else", "The event was inserted, removed or changed past the ledger. What follows from this stream's events was not compared.");
        }
    }

    /// <summary>Of a job that has ended, closes the stream and lets go of its fold.</summary>
    public void ReleaseIfEnded()
    {
        if (Job?.State is not { IsEnded: true })
            return;
        Close();
        (_isReleased, Job, Projected) = (true, null, Nothing);
    }

    /// <summary>After the last event: what the stream's row says.</summary>
    public void Close()
    {
        if (rowVersion is { } recorded && recorded != Version)
        {
            findings.Add(
                FindingKind.StreamVersion, $"stream {Name}", $"version {recorded}, as its row in ledger.mt_streams says", $"version {Version} in its last event",
                recorded < Version ? "Events were inserted past the ledger, which moves both in one transaction." : "The stream's last events were removed past the ledger.");
        }
        if (type is null && rowVersion is null)
        {
            findings.Add(
                FindingKind.Orphan, $"stream {Name}", "a row in ledger.mt_streams", "none", "The stream's row was removed, or its events were inserted past the ledger.");
        }
        if (Job?.Unfinished() is { } broken && !IsBroken)
            AddRule(Version, broken);
    }

    private void Fold(object @event, long version, DateTimeOffset at)
    {
        Projected.Apply(@event, at);
        if (Job?.Apply((JobEvent)@event, at, Projected.Document<JobStatus>()!) is { } broken)
            AddRule(version, broken);
    }

    private void AddRule(long version, JobRule broken) => findings.Add(
        FindingKind.JobRule, $"version {version} of {Name}", broken.Expected, broken.Found,
        "The ledger records no such event: it was inserted or changed past it, or one before it was removed.");
}
