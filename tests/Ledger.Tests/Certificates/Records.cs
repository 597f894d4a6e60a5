using System.Text;
using Ledger.Certificates;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Projections.Status;
using Ledger.Proofs;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Certificates;

/// <summary>A job's record as the database would give it, built from its events.</summary>
internal static class Records
{
    public static readonly JobId Job = JobId.TryParse("cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c", out var id) ? id : default;
    public static readonly NoteSigner LogKey = new("ledger.example.com/log", NoteKeyType.Ed25519, new byte[32]);
    public static readonly DateTimeOffset Evening = new(2026, 5, 8, 18, 0, 0, TimeSpan.Zero);

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
    /// Of a request by ids, or by a cId where there are none: the outcomes come in the first attempt; then the failed ones are tried again
    /// in a second, the night after.
    /// </summary>
    /// <param name="first">What became of each ordinal.</param>
    /// <param name="second">What became of those that failed; null: the first attempt was the last.</param>
    public static JobRecord Of(
        JobOutcome outcome, string first, string? second = null, int untouched = 0, string bot = "st-1", string client = "cs-1") =>
        Of(Played(outcome, first, second, untouched, bot, client));

    /// <summary>Of a job with a case whose deadline was moved.</summary>
    public static JobRecord OfCase()
    {
        var events = Played(JobOutcome.Completed, "d").ToList();
        events.Insert(
            1, (new CaseRecorded(CaseBasis.Gdpr171B, new(2026, 5, 2), new(2026, 6, 2), new byte[32]), events[0].At));
        events.Insert(3, (new DeadlineExtended(new(2026, 8, 2), "many <b>requests</b>", "cs-1"), events[2].At));
        return Of(events);
    }

    /// <summary>Of a request whose list was never resolved.</summary>
    public static JobRecord Listless() =>
        Of(Timed([
            new Submitted("st-1", RequestType.CId, [new byte[32]], "cs-1", To: Evening), Plan(1, ScheduleReason.OffPeak),
            new Failed(FailureReason.ListUnresolved, 1, 3), Plan(2, ScheduleReason.Retry), new Failed(FailureReason.ListUnresolved, 2, 2),
            new Completed(JobOutcome.Failed, 0, 0, 0, new Dictionary<SkipReason, long>(), ItemCounts.None),
        ]));

    /// <summary>The events of <see cref="Of(JobOutcome, string, string?, int, string, string)"/>.</summary>
    public static IReadOnlyList<(JobEvent Event, DateTimeOffset At)> Played(
        JobOutcome outcome, string first, string? second = null, int untouched = 0, string bot = "st-1", string client = "cs-1")
    {
        var size = first.Length + untouched;
        byte[][] list = [.. Enumerable.Range(0, size).Select(SampleJob.Commit)];
        var events = new List<JobEvent>
        {
            size == 0
                ? new Submitted(bot, RequestType.CId, [new byte[32]], client, To: Evening)
                : new Submitted(bot, RequestType.ConversationIds, list, client),
            Plan(1, ScheduleReason.OffPeak),
            new Started(
                1, size, SampleJob.ManifestTree(size).Root(0, size), size == 0 ? Evening.AddYears(-1) : null, Evening.AddYears(-2)),
        };
        events.AddRange(first.Select((code, ordinal) => Outcome(code, ordinal, 1)));
        if (second is not null)
        {
            int[] failed = [.. Enumerable.Range(0, first.Length).Where(ordinal => first[ordinal] == 'f')];
            events.Add(Plan(2, ScheduleReason.Retry));
            events.AddRange(second.Select((code, n) => Outcome(code, failed[n], 2)));
        }
        var final = second is null ? first : first.Replace("f", "") + second;
        long Count(char code) => final.Count(c => c == code);
        var skipped = new Dictionary<SkipReason, long> { [SkipReason.Retention] = Count('r'), [SkipReason.NotFound] = Count('n') }
            .Where(count => count.Value > 0)
            .ToDictionary();
        events.Add(
            new Completed(
                outcome, size, Count('d'), Count('f'), skipped, new ItemCounts(2 * Count('d'), Count('d')),
                outcome == JobOutcome.Cancelled ? first.Length : null)
        );
        return Timed(events);
    }

    /// <summary>The record of a job with these events.</summary>
    public static JobRecord Of(IReadOnlyList<(JobEvent Event, DateTimeOffset At)> events)
    {
        var history = History(events.Select(e => (EventType.Of(e.Event).Name, EventType.Of(e.Event).Write(e.Event), e.At)));
        var checkpoint = new Checkpoint(LogKey.Verifier.Name, 1_000 + events.Count, new byte[32]);
        var note = new SignedNote(checkpoint.Text, [LogKey.Sign(checkpoint.Text)]);
        return new JobRecord(
            new ProvableJob(Job, checkpoint, note.ToString(), (Completed)events[^1].Event, null, []),
            events.Count,
            history,
            events.Aggregate((JobStatus?)null, (status, e) => JobStatusFold.Apply(status, Job, e.Event, e.At))!,
            new JobLeaves(1_000, 1_000 + events.Count, events.Count, 1, [new CertifiedRange(1_000, 1_000 + events.Count)]),
            events[^1].At.AddSeconds(1)
        );
    }

    /// <summary>The history that rows give, from version 1 on.</summary>
    public static RecordedHistory History(IEnumerable<(string Type, string Data, DateTimeOffset At)> rows)
    {
        var history = new RecordedHistory(Job);
        foreach (var (type, data, at) in rows)
            history.Add(history.Rules.Version + 1, type, at, Encoding.UTF8.GetBytes(data));
        history.End();
        return history;
    }

    /// <summary>Each plan begins at its opening, and its events follow by the second.</summary>
    private static List<(JobEvent Event, DateTimeOffset At)> Timed(IEnumerable<JobEvent> events)
    {
        var (timed, at) = (new List<(JobEvent Event, DateTimeOffset At)>(), Evening.AddHours(-6));
        foreach (var e in events)
        {
            at = timed is [.., { Event: Scheduled plan }] ? plan.PlannedAt : at.AddSeconds(1);
            timed.Add((e, at));
        }
        return timed;
    }

    private static Scheduled Plan(int attempt, ScheduleReason reason)
    {
        var opens = Evening.AddDays(attempt - 1);
        return new Scheduled(opens, new PlannedWindow("night", "0 0 18 * * ?", "UTC", opens, opens.AddHours(8)), reason, attempt);
    }

    private static JobEvent Outcome(char code, int ordinal, int attempt)
    {
        var commitment = SampleJob.Commit(ordinal);
        return code switch
        {
            'd' => new ConversationDeleted(commitment, ordinal, new ItemCounts(2, 1), attempt, true),
            'r' => new ConversationSkipped(commitment, ordinal, SkipReason.Retention),
            'n' => new ConversationSkipped(commitment, ordinal, SkipReason.NotFound),
            'f' => new Failed(
                attempt == 1 ? FailureReason.Locked : FailureReason.StoreRefused, attempt, 4 - attempt, commitment, ordinal),
            _ => throw new ArgumentOutOfRangeException(nameof(code)),
        };
    }
}
