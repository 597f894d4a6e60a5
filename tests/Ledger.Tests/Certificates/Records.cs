using Ledger.Certificates;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.EventStore;
using Ledger.Projections.Status;
using Ledger.Proofs;

namespace Ledger.Tests.Certificates;

/// <summary>A job's record as the database would give it: built from its events, so that what it counts is what they say.</summary>
internal static class Records
{
    public static readonly JobId Job = JobId.TryParse("cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c", out var id) ? id : default;
    public static readonly NoteSigner LogKey = new("ledger.example.com/log", NoteKeyType.Ed25519, new byte[32]);
    public static readonly DateTimeOffset Evening = new(2026, 5, 8, 18, 0, 0, TimeSpan.Zero);
    private static readonly byte[] s_commitment = new byte[32];

    public static Certificate Certificate(JobRecord record) =>
        CertificateIssue.Of(
            record,
            LogKey.Verifier,
            $"https://ledger.example.com/api/public/bot/st-1/conversations/delete/{Job}/proof",
            "https://ledger.example.com/verify",
            "Deletion ledger 1.2.3",
            Evening.AddDays(3)
        );

    /// <summary>
    /// Of a request by ids: the outcomes come in the first attempt; then the failed ones are tried again in a second, the night after.
    /// </summary>
    /// <param name="first">What became of each ordinal.</param>
    /// <param name="second">What became of those that failed; null: the first attempt was the last.</param>
    public static JobRecord Of(
        JobOutcome outcome, string first, string? second = null, long untouched = 0, string bot = "st-1", string client = "cs-1")
    {
        var events = new List<JobEvent>
        {
            new Submitted(bot, RequestType.ConversationIds, [.. Enumerable.Repeat(s_commitment, first.Length + (int)untouched)], client),
            Plan(1, ScheduleReason.OffPeak),
        };
        events.Add(new Started(1, first.Length + untouched, s_commitment));
        events.AddRange(first.Select((code, ordinal) => Outcome(code, ordinal, 1)));
        if (second is not null)
        {
            events.Add(Plan(2, ScheduleReason.Retry));
            events.AddRange(second.Select((code, n) => Outcome(code, n, 2)));
        }
        var final = second is null ? first : first.Replace("f", "") + second;
        long Count(char code) => final.Count(c => c == code);
        var skipped = new Dictionary<SkipReason, long> { [SkipReason.Retention] = Count('r'), [SkipReason.NotFound] = Count('n') }
            .Where(count => count.Value > 0)
            .ToDictionary();
        events.Add(
            new Completed(
                outcome, first.Length + untouched, Count('d'), Count('f'), skipped, new ItemCounts(2 * Count('d'), Count('d')),
                outcome == JobOutcome.Cancelled ? first.Length : null)
        );
        return Of(events);
    }

    /// <summary>Of a request whose list was never resolved.</summary>
    public static JobRecord Listless() =>
        Of([
            new Submitted("st-1", RequestType.CId, [s_commitment], "cs-1", To: Evening), Plan(1, ScheduleReason.OffPeak),
            new Failed(FailureReason.ListUnresolved, 1, 3), Plan(2, ScheduleReason.Retry), new Failed(FailureReason.ListUnresolved, 2, 2),
            new Completed(JobOutcome.Failed, 0, 0, 0, new Dictionary<SkipReason, long>(), ItemCounts.None),
        ]);

    private static JobRecord Of(List<JobEvent> events)
    {
        // Each plan begins at its opening, and its events follow by the second.
        var (recorded, at) = (new List<RecordedEvent>(), Evening.AddHours(-6));
        foreach (var e in events)
        {
            at = recorded is [.., { Event: Scheduled plan }] ? plan.PlannedAt : at.AddSeconds(1);
            recorded.Add(new RecordedEvent(recorded.Count + 1, e, at));
        }
        var plans = 0;
        var outcomes = recorded
            .Select(e => (Plan: e.Event is Scheduled ? ++plans : plans, e))
            .Where(e => e.e.Event is ConversationDeleted or ConversationSkipped or Failed { Ordinal: not null })
            .GroupBy(e => (e.Plan, Key(e.e.Event)))
            .Select(group => Counted(group.Key.Plan, [.. group.Select(e => e.e)]))
            .ToList();
        var checkpoint = new Checkpoint(LogKey.Verifier.Name, 1_000 + recorded.Count, new byte[32]);
        var note = new SignedNote(checkpoint.Text, [LogKey.Sign(checkpoint.Text)]);
        return new JobRecord(
            new ProvableJob(Job, checkpoint, note.ToString(), (Completed)events[^1], null),
            recorded.Count,
            [.. recorded.Where(e => Key(e.Event) == "")],
            outcomes,
            recorded.Aggregate((JobStatus?)null, (status, e) => JobStatusFold.Apply(status, Job, (JobEvent)e.Event, e.At))!,
            new JobLeaves(1_000, 1_000 + recorded.Count, recorded.Count, 1, [new CertifiedRange(1_000, 1_000 + recorded.Count)]),
            at.AddSeconds(1)
        );
    }

    private static string Key(object e) => e switch
    {
        ConversationDeleted => "deleted",
        ConversationSkipped skipped => $"skipped {skipped.Reason}",
        Failed { Ordinal: not null } failed => $"failed {failed.Reason}",
        _ => "",
    };

    private static OutcomeCount Counted(int plan, List<RecordedEvent> events) =>
        events[0].Event switch
        {
            ConversationDeleted deleted => new(
                plan, OutcomeKind.Deleted, deleted.Attempt, null, null, events.Count, events.Count, events[0].At, events[^1].At,
                events.Aggregate(ItemCounts.None, (sum, e) => sum + ((ConversationDeleted)e.Event).Items)),
            ConversationSkipped skipped => new(
                plan, OutcomeKind.Skipped, plan, skipped.Reason, null, events.Count, 0, events[0].At, events[^1].At, ItemCounts.None),
            Failed failed => new(
                plan, OutcomeKind.Failed, failed.Attempt, null, failed.Reason, events.Count, 0, events[0].At, events[^1].At,
                ItemCounts.None),
            _ => throw new ArgumentOutOfRangeException(nameof(events)),
        };

    private static Scheduled Plan(int attempt, ScheduleReason reason)
    {
        var opens = Evening.AddDays(attempt - 1);
        return new Scheduled(opens, new PlannedWindow("night", "0 0 18 * * ?", "UTC", opens, opens.AddHours(8)), reason, attempt);
    }

    private static JobEvent Outcome(char code, int ordinal, int attempt) => code switch
    {
        'd' => new ConversationDeleted(s_commitment, ordinal, new ItemCounts(2, 1), attempt, true),
        'r' => new ConversationSkipped(s_commitment, ordinal, SkipReason.Retention),
        'n' => new ConversationSkipped(s_commitment, ordinal, SkipReason.NotFound),
        'f' => new Failed(attempt == 1 ? FailureReason.Locked : FailureReason.StoreRefused, attempt, 4 - attempt, s_commitment, ordinal),
        _ => throw new ArgumentOutOfRangeException(nameof(code)),
    };
}
