using System.Text;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.SystemTests.Foreign;

/// <summary>A job's events, as the ledger records them; a test may change them before they are logged.</summary>
internal sealed class SampleJob
{
    public static readonly DateTimeOffset Opens = new(2026, 5, 8, 18, 0, 0, TimeSpan.Zero);

    private static readonly PlannedWindow s_window = new("default", "0 0 18 * * ?", "UTC", Opens, Opens.AddHours(8));
    private readonly string _name;
    private readonly bool _isCId;
    private readonly string[] _ids;
    private readonly byte[] _saltKey;

    private SampleJob(string name, bool isCId, int conversations)
    {
        (_name, _isCId) = (name, isCId);
        _saltKey = MerkleTree.LeafHash(Encoding.ASCII.GetBytes(name));
        _ids = [.. Enumerable.Range(0, conversations).Select(i => $"conversation-{name}-é-{i:D4}")];
        Id = JobId.FromRandomness(_saltKey);
    }

    public JobId Id { get; }

    public List<(JobEvent Event, DateTimeOffset At)> Events { get; } = [];

    /// <summary>Asked for by conversation ids: the second is skipped; the third fails, and is deleted in a retry.</summary>
    public static SampleJob Retried(string name = "retried")
    {
        var job = new SampleJob(name, isCId: false, conversations: 4);
        job.Submit();
        job.Plan(ScheduleReason.OffPeak, 1);
        job.Start();
        job.Delete(0, 1);
        job.Record(new ConversationSkipped(job.Commitment(1), 1, SkipReason.LegalHold));
        job.Record(new Failed(FailureReason.Locked, 1, 3, job.Commitment(2), 2));
        job.Delete(3, 1);
        job.Plan(ScheduleReason.Retry, 2);
        job.Delete(2, 2);
        job.Record(
            new Completed(
                JobOutcome.Completed, 4, 3, 0, new Dictionary<SkipReason, long> { [SkipReason.LegalHold] = 1 },
                new ItemCounts(Messages: 15, Logs: 3))
        );
        return job;
    }

    /// <summary>As <see cref="Retried"/>, with a case whose deadline was extended before the start.</summary>
    public static SampleJob WithCase()
    {
        var job = Retried("with a case");
        var (submittedAt, told) = (job.Events[0].At, new CaseRecorded(CaseBasis.Ccpa, new(2026, 5, 2), new(2026, 6, 16), new byte[32]));
        job.Events.Insert(1, (told, submittedAt));
        job.Events.Insert(3, (new DeadlineExtended(new(2026, 7, 31), "many requests", "cs-1"), job.Events[2].At.AddMilliseconds(1)));
        return job;
    }

    /// <summary>Asked for by cId: all are deleted, and the window is planned anew once.</summary>
    public static SampleJob Large(int conversations)
    {
        var job = new SampleJob("large", isCId: true, conversations);
        job.Submit();
        job.Plan(ScheduleReason.OffPeak, 1);
        job.Start();
        for (var i = 0; i < conversations; i++)
        {
            if (i == conversations / 2)
                job.Plan(ScheduleReason.WindowClosed, 1);
            if (i == conversations / 3)
                job.Plan(ScheduleReason.WindowChanged, 1);
            job.Delete(i, 1);
        }
        job.Record(
            new Completed(
                JobOutcome.Completed, conversations, conversations, 0, new Dictionary<SkipReason, long>(),
                new ItemCounts(Messages: 5L * conversations, Logs: conversations))
        );
        return job;
    }

    /// <summary>Cancelled after three of eleven.</summary>
    public static SampleJob Cancelled()
    {
        var job = new SampleJob("cancelled", isCId: true, conversations: 11);
        job.Submit();
        job.Plan(ScheduleReason.OffPeak, 1);
        job.Start();
        for (var i = 0; i < 3; i++)
            job.Delete(i, 1);
        job.Record(
            new Completed(
                JobOutcome.Cancelled, 11, 3, 0, new Dictionary<SkipReason, long>(), new ItemCounts(Messages: 15, Logs: 3), UntouchedFrom: 3)
        );
        return job;
    }

    /// <summary>Cancelled before it started.</summary>
    public static SampleJob CancelledEarly()
    {
        var job = new SampleJob("cancelled-early", isCId: true, conversations: 0);
        job.Submit();
        job.Plan(ScheduleReason.OffPeak, 1);
        job.End(JobOutcome.Cancelled, failed: 0, untouchedFrom: 0);
        return job;
    }

    /// <summary>Nothing was found.</summary>
    public static SampleJob Empty()
    {
        var job = new SampleJob("empty", isCId: true, conversations: 0);
        job.Submit();
        job.Plan(ScheduleReason.OffPeak, 1);
        job.Start();
        job.End(JobOutcome.Completed, failed: 0);
        return job;
    }

    /// <summary>Its one conversation failed in every attempt.</summary>
    public static SampleJob Exhausted() => Fails("exhausted", conversations: 1);

    /// <summary>Its list could never be resolved.</summary>
    public static SampleJob Unresolved() => Fails("unresolved", conversations: 0);

    private static SampleJob Fails(string name, int conversations)
    {
        var job = new SampleJob(name, isCId: true, conversations);
        job.Submit();
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            job.Plan(attempt == 1 ? ScheduleReason.OffPeak : ScheduleReason.Retry, attempt);
            if (attempt == 1 && conversations > 0)
                job.Start();
            job.Record(conversations > 0
                ? new Failed(FailureReason.Timeout, attempt, 4 - attempt, job.Commitment(0), 0)
                : new Failed(FailureReason.ListUnresolved, attempt, 4 - attempt));
        }
        job.End(JobOutcome.Failed, failed: conversations);
        return job;
    }

    /// <summary>An id of the job's list, by its ordinal.</summary>
    public string ConversationId(int ordinal) => _ids[ordinal];

    public byte[] Commitment(int ordinal) => Disclose(_ids[ordinal]).Commitment();

    public Disclosure Disclose(string id) => Disclose(IdentifierKind.Conversation, id, null);

    /// <summary>The cId's, where it was asked for by it, and one for every ordinal that has an outcome.</summary>
    public IEnumerable<Disclosure> Disclosures()
    {
        if (_isCId)
            yield return Disclose(IdentifierKind.CId, _name, null);
        for (var ordinal = 0; ordinal < Done; ordinal++)
            yield return Disclose(IdentifierKind.Conversation, _ids[ordinal], ordinal);
    }

    public IReadOnlyList<byte[]> ManifestRest() =>
        [.. NodeId.Covering(Done, _ids.Length).Select(node => Manifest((int)(node.Index * node.Leaves), (int)node.Leaves))];

    /// <summary>The instant at which events are recorded, unless a test says another.</summary>
    public DateTimeOffset Now => Opens.AddMilliseconds(10 * Events.Count);

    private int Done =>
        Events
            .Select(e =>
                e.Event switch
                {
                    ConversationDeleted d => d.Ordinal,
                    ConversationSkipped s => s.Ordinal,
                    Failed f => f.Ordinal ?? -1,
                    _ => -1,
                }
            )
            .Max()
            is var last
            ? (int)last + 1
            : 0;

    private void Record(JobEvent @event) => Events.Add((@event, Now));

    private void Submit() =>
        Record(
            new Submitted(
                "st-1",
                _isCId ? RequestType.CId : RequestType.ConversationIds,
                _isCId
                    ? [Disclose(IdentifierKind.CId, _name, null).Commitment()]
                    : [.. Enumerable.Range(0, _ids.Length).Select(Commitment)],
                "client",
                To: _isCId ? s_window.Opens : null
            )
        );

    private void Plan(ScheduleReason reason, int attempt) => Record(new Scheduled(Now, s_window, reason, attempt));

    private void Start() => Record(new Started(1, _ids.Length, Manifest(0, _ids.Length), _isCId ? s_window.Opens.AddYears(-1) : null));

    /// <summary>The end of a job that deleted and skipped nothing.</summary>
    private void End(JobOutcome outcome, long failed, long? untouchedFrom = null) =>
        Record(new Completed(outcome, _ids.Length, 0, failed, new Dictionary<SkipReason, long>(), ItemCounts.None, untouchedFrom));

    private void Delete(int ordinal, int attempt) =>
        Record(new ConversationDeleted(Commitment(ordinal), ordinal, new ItemCounts(Messages: 5, Logs: 1), attempt, ConfirmedAbsent: true));

    private Disclosure Disclose(IdentifierKind kind, string id, long? ordinal) =>
        new(kind, ordinal, id, Contracts.Identifiers.Commitment.Salt(_saltKey, kind, id));

    private byte[] Manifest(int first, int count)
    {
        var root = new MerkleRoot();
        for (var ordinal = first; ordinal < first + count; ordinal++)
            root.AddLeaf(MerkleTree.LeafHash(Commitment(ordinal)));
        return root.Root();
    }
}
