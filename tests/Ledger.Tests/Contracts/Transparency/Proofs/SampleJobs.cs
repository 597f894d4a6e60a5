using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>
/// Plays a job as the ledger would: generated numbers decide what becomes of each conversation, and when the window closes.
/// </summary>
internal sealed class SampleJobs
{
    private readonly List<(JobEvent, DateTimeOffset)> _events = [];
    private readonly Queue<int> _numbers;
    private readonly Dictionary<SkipReason, long> _skipped = [];
    private ItemCounts _items = ItemCounts.None;
    private DateTimeOffset _now = SampleJob.Night.AddHours(-6);
    private DateTimeOffset _opens = SampleJob.Night;
    private int _attempt = 1;
    private long _deleted;

    private SampleJobs(IEnumerable<int> numbers) => _numbers = new Queue<int>(numbers);

    /// <summary>Three conversations: one deleted, one skipped, one deleted at the second attempt after a night.</summary>
    public static SampleJob Retried => Of(3, isCId: false, [1, 2, 3, 1, 1]);

    /// <summary>As <see cref="Retried"/>, but the second conversation is skipped for this reason.</summary>
    public static SampleJob Skipped(SkipReason reason) => Retried
        .With<ConversationSkipped>(skipped => skipped with { Reason = reason })
        .With<Completed>(end => end with { Skipped = new Dictionary<SkipReason, long> { [reason] = 1 } });

    /// <summary>As <see cref="Retried"/>, but the third conversation fails for this reason before it is deleted.</summary>
    public static SampleJob FailedFirst(FailureReason reason) => Retried.With<Failed>(failed => failed with { Reason = reason });

    /// <summary>
    /// As <see cref="Retried"/>, with the case behind it: submitted, case, scheduled, started, deleted 0, skipped 1, failed 2, extended,
    /// scheduled, deleted 2, completed.
    /// </summary>
    public static SampleJob WithCase(CaseRecorded told, params DeadlineExtended[] extended) => Retried.Edited(all =>
    [
        all[0], (told, all[0].At), .. all.Skip(1).Take(5),
        .. extended.Select((one, i) => ((JobEvent)one, all[5].At.AddMilliseconds(1 + i))), .. all.Skip(6),
    ]);

    /// <summary>A case with all that can be told, and a later deadline.</summary>
    public static SampleJob Case => WithCase(
        new CaseRecorded(CaseBasis.Gdpr171B, new DateOnly(2026, 5, 2), new DateOnly(2026, 6, 2), SampleJob.Commit(99)),
        new DeadlineExtended(new DateOnly(2026, 8, 2), "many requests", "cs-1"));

    /// <param name="numbers">0 of 7: the window closes first; 2: skipped; 3: fails; 4 of 29 (by a cId): cancelled; else deleted.</param>
    public static SampleJob Of(int conversations, bool isCId, IEnumerable<int> numbers) =>
        new SampleJobs(numbers).Play(conversations, isCId);

    /// <summary>A job whose list could never be resolved.</summary>
    public static SampleJob Unresolved()
    {
        var job = new SampleJobs([]);
        job.Submit(3, isCId: true);
        for (; job._attempt <= 4; job._attempt++)
        {
            job.Plan(job._attempt == 1 ? ScheduleReason.OffPeak : ScheduleReason.Retry);
            job.Record(new Failed(FailureReason.ListUnresolved, job._attempt, 4 - job._attempt));
        }
        job.Record(new Completed(JobOutcome.Failed, 0, 0, 0, job._skipped, job._items));
        return new SampleJob(job._events);
    }

    /// <summary>A job that was cancelled before it started.</summary>
    public static SampleJob CancelledAtOnce()
    {
        var job = new SampleJobs([]);
        job.Submit(2, isCId: false);
        job.Plan(ScheduleReason.OffPeak);
        job.Record(new Completed(JobOutcome.Cancelled, 0, 0, 0, job._skipped, job._items, 0));
        return new SampleJob(job._events);
    }

    private int Next() => _numbers.TryDequeue(out var number) ? number : 1;

    private void Record(JobEvent @event)
    {
        _now = _now.AddMilliseconds(1_500);
        _events.Add((@event, _now));
    }

    private void Submit(int conversations, bool isCId) => Record(isCId
        ? new Submitted("st-1", RequestType.CId, [SampleJob.Disclose(IdentifierKind.CId, null).Commitment()], "cs-1", To: SampleJob.Night)
        : new Submitted("st-1", RequestType.ConversationIds, [.. Enumerable.Range(0, conversations).Select(SampleJob.Commit)], "cs-1"));

    private void Plan(ScheduleReason reason)
    {
        if (reason != ScheduleReason.OffPeak)
            _opens = _opens.AddDays(1);
        Record(new Scheduled(_opens, new PlannedWindow("night", "0 0 18 * * ?", "UTC", _opens, _opens.AddHours(8)), reason, _attempt));
        _now = _opens;
    }

    private SampleJob Play(int conversations, bool isCId)
    {
        Submit(conversations, isCId);
        Plan(ScheduleReason.OffPeak);
        Record(
            new Started(
                1, conversations, SampleJob.ManifestTree(conversations).Root(0, conversations), isCId ? SampleJob.Night.AddYears(-1) : null,
                SampleJob.Night.AddYears(-2))
        );
        var failed = Enumerable.Range(0, conversations).ToList();
        while (true)
        {
            var owed = failed;
            failed = [];
            foreach (var ordinal in owed)
            {
                var number = Next();
                if (number % 29 == 4 && _attempt == 1 && isCId)
                    return End(JobOutcome.Cancelled, conversations, failed.Count, ordinal);
                if (number % 7 == 0)
                    Plan(number % 2 == 0 ? ScheduleReason.WindowClosed : ScheduleReason.WindowChanged);
                if (Outcome(ordinal, number))
                    failed.Add(ordinal);
            }
            if (failed.Count == 0)
                return End(JobOutcome.Completed, conversations, 0, null);
            if (_attempt == 4)
                return End(JobOutcome.Failed, conversations, failed.Count, null);
            _attempt++;
            Plan(ScheduleReason.Retry);
        }
    }

    /// <returns>Whether it failed.</returns>
    private bool Outcome(int ordinal, int number)
    {
        var commitment = SampleJob.Commit(ordinal);
        switch (number % 7)
        {
            case 3:
                Record(new Failed(FailureReason.Locked, _attempt, 4 - _attempt, commitment, ordinal));
                return true;
            case 2:
                var reason = (SkipReason)(1 + number % 4);
                Record(new ConversationSkipped(commitment, ordinal, reason));
                _skipped[reason] = _skipped.GetValueOrDefault(reason) + 1;
                return false;
            default:
                var items = new ItemCounts(1 + number % 5, 1, 0, number % 3, 2);
                Record(new ConversationDeleted(commitment, ordinal, items, _attempt, ConfirmedAbsent: true));
                _items += items;
                _deleted++;
                return false;
        }
    }

    private SampleJob End(JobOutcome outcome, int conversations, int failed, int? untouchedFrom)
    {
        Record(new Completed(outcome, conversations, _deleted, failed, _skipped, _items, untouchedFrom));
        return new SampleJob(_events);
    }
}
