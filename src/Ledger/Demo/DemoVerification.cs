using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Projections;
using Ledger.Projections.Status;

namespace Ledger.Demo;

/// <summary>
/// Holds four accounts of each job against each other: the status document and the outcomes (both over HTTP), the events, and what the
/// store lost. Collects what differs, in words.
/// </summary>
internal sealed class DemoVerification(DemoStore store)
{
    private readonly List<string> _mismatches = [];

    public IReadOnlyList<string> Mismatches => _mismatches;

    /// <summary>Conversations that the store lost to all jobs verified.</summary>
    public long Conversations { get; private set; }

    public ItemCounts Items { get; private set; } = ItemCounts.None;

    /// <summary>Verifies one job that has ended.</summary>
    public async Task VerifyAsync(DemoJob job, JsonElement statusDocument, IReadOnlyList<DemoOutcome> outcomes, CancellationToken cancel)
    {
        var name = $"job {job.Number}";
        var status = statusDocument.Deserialize(DocumentJson.Default.JobStatus)!;
        var expected = await store.ExpectedAsync(job.Number, cancel);
        var lost = await store.LostAsync(job.Number, cancel);
        var events = new DemoEvents();
        await foreach (var recorded in store.EventsAsync(job.Id, cancel))
            events.Add(job.Id, recorded);

        Same(name, "its status", status.Status.ToString(), "what it must be", nameof(ReportedStatus.Completed));
        Same(
            name, "conversations that should be deleted", expected.Conversations, "those that the status counts",
            status.Result.DeletedCount);
        Same(
            name, "conversations that should be skipped as not found", job.NotFound, "those that the status counts",
            status.Result.Skipped.GetValueOrDefault(SkipReason.NotFound));
        Same(
            name, "conversations that the status counts as failed or skipped", status.Result.FailedCount + status.Result.SkippedCount,
            "those that should be", job.NotFound);
        Same(
            name, "conversations that the store lost", lost.Conversations, "those that the status counts as deleted",
            status.Result.DeletedCount);
        Same(name, "items that the store lost", lost.Items, "those that the status counts", status.Result.DeletedItems);
        VerifyOutcomes(name, status.Result, outcomes);
        VerifyEvents(name, statusDocument, status.Result, events);
        await store.NoteOutcomesAsync(
            job.Number, job.Bot, outcomes.Where(one => one.Outcome == "deleted").Select(one => one.ConversationId ?? ""), cancel);
        Conversations += lost.Conversations;
        Items += lost.Items;
    }

    /// <summary>Verifies, after all jobs, everything that should have stayed.</summary>
    public async Task VerifyStoreAsync(string[] twins, CancellationToken cancel) =>
        _mismatches.AddRange(await store.DifferencesAsync(twins, cancel));

    /// <summary>Notes a mismatch unless both are equal.</summary>
    public void Same<T>(string where, string what, T value, string against, T other)
    {
        if (!Equals(value, other))
            _mismatches.Add($"{where}: {what}: {value}; {against}: {other}");
    }

    /// <summary>Notes something that is not as it must be.</summary>
    public void Note(string mismatch) => _mismatches.Add(mismatch);

    private void VerifyOutcomes(string name, JobResult result, IReadOnlyList<DemoOutcome> outcomes)
    {
        Same(name, "outcomes", outcomes.Count, "conversations identified by the status", (int)result.TotalConversations);
        Same(
            name, "ordinals without gap or repetition", outcomes.Select((one, n) => one.Ordinal == n).Count(isInPlace => isInPlace),
            "outcomes", outcomes.Count);
        Same(name, "deleted by the outcomes", outcomes.LongCount(one => one.Outcome == "deleted"), "by the status", result.DeletedCount);
        Same(name, "skipped by the outcomes", outcomes.LongCount(one => one.Outcome == "skipped"), "by the status", result.SkippedCount);
        Same(
            name, "skipped as not found by the outcomes", outcomes.LongCount(one => one.Reason == "not_found"), "by the status",
            result.Skipped.GetValueOrDefault(SkipReason.NotFound));
    }

    private void VerifyEvents(string name, JsonElement statusDocument, JobResult result, DemoEvents events)
    {
        Same(name, "conversation_deleted events", events.Deleted, "deleted by the status", result.DeletedCount);
        Same(name, "items by the events", events.Items, "items by the status", result.DeletedItems);
        Same(
            name, "ordinals with exactly one final outcome among the events", events.OutcomesInPlace, "conversations identified",
            result.TotalConversations);
        Same(
            name, "the manifest root from the outcomes' commitments", Hex(events.ManifestRoot()),
            "the one that was committed to at the start", Hex(events.Started?.ManifestRoot));
        Same(name, "deleted by the completed event", events.Completed?.Deleted ?? -1, "deleted by the status", result.DeletedCount);
        Same(name, "items by the completed event", events.Completed?.Items, "items by the status", result.DeletedItems);
        var folded = JsonNode.Parse(JsonSerializer.Serialize(events.Status, DocumentJson.Default.JobStatus));
        Same(
            name, "the status folded from the events equals the one answered",
            JsonNode.DeepEquals(folded, JsonNode.Parse(statusDocument.GetRawText())), "as it must", true);
    }

    private static string Hex(byte[]? hash) => hash is null ? "none" : Convert.ToHexStringLower(hash);
}

/// <summary>The totals of a job's events.</summary>
internal sealed class DemoEvents
{
    private readonly SortedDictionary<long, byte[]> _commitments = [];
    private long _outcomes;

    public JobStatus? Status { get; private set; }
    public Started? Started { get; private set; }
    public Completed? Completed { get; private set; }
    public long Deleted { get; private set; }
    public ItemCounts Items { get; private set; } = ItemCounts.None;

    /// <summary>Ordinals 0, 1, 2, … that have one final outcome each; -1 if an ordinal has two.</summary>
    public long OutcomesInPlace =>
        _outcomes == _commitments.Count ? _commitments.Keys.TakeWhile((ordinal, n) => ordinal == n).LongCount() : -1;

    public void Add(JobId job, EventStore.RecordedEvent recorded)
    {
        var @event = (JobEvent)recorded.Event;
        Status = JobStatusFold.Apply(Status, job, @event, recorded.At);
        switch (@event)
        {
            case Started started:
                Started = started;
                break;
            case Completed completed:
                Completed = completed;
                break;
            case ConversationDeleted deleted:
                Deleted++;
                Items += deleted.Items;
                Note(deleted.Ordinal, deleted.Commitment);
                break;
            case ConversationSkipped skipped:
                Note(skipped.Ordinal, skipped.Commitment);
                break;
        }
    }

    /// <summary>The RFC 6962 root over the commitments of the outcomes, in ordinal order.</summary>
    public byte[] ManifestRoot()
    {
        var root = new MerkleRoot();
        foreach (var commitment in _commitments.Values)
            root.AddLeaf(MerkleTree.LeafHash(commitment));
        return root.Root();
    }

    private void Note(long ordinal, byte[] commitment)
    {
        _outcomes++;
        _commitments[ordinal] = commitment;
    }
}
