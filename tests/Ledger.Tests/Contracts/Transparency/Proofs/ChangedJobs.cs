using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Tests.Verifier;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>Jobs whose events were changed at random: removed, repeated, exchanged, or with another value in them.</summary>
internal static class ChangedJobs
{
    private static readonly long[] s_numbers = [-1, 0, 1, 2, 3, 4, 5, 7, -Jcs.MaxInteger, Jcs.MaxInteger];

    public static IReadOnlyList<SampleJob> Honest { get; } =
    [
        SampleJobs.Retried, SampleJobs.Unresolved(), SampleJobs.CancelledAtOnce(), SampleJobs.Of(3, true, [3, 2, 3]),
        SampleJobs.Of(7, true, [1, 1, 4]), SampleJobs.Of(0, true, []), SampleJobs.Of(3, true, Enumerable.Repeat(3, 12)),
        SampleJobs.Of(9, false, [7, 3, 2, 14, 3, 1, 7, 3, 3, 1]), SampleJobs.Case,
    ];

    /// <summary>One of the honest jobs after one to three changes: the same ones for the same seed.</summary>
    public static IReadOnlyList<(JobEvent Event, DateTimeOffset At)> Of(int seed)
    {
        var chance = Chance.Of(seed);
        var events = Honest[chance.Below(Honest.Count)].Events.ToList();
        for (var changes = 1 + chance.Below(3); changes > 0 && events.Count > 0; changes--)
            Change(events, chance);
        return events;
    }

    private static void Change(List<(JobEvent Event, DateTimeOffset At)> events, Chance chance)
    {
        var (at, other) = (chance.Below(events.Count), chance.Below(events.Count));
        switch (chance.Below(8))
        {
            case 0:
                events.RemoveAt(at);
                break;
            case 1:
                events.Insert(other, events[at]);
                break;
            case 2:
                (events[at], events[other]) = (events[other], events[at]);
                break;
            case 3:
                events[at] = (events[at].Event, events[at].At.AddHours(chance.Below(60) - 30));
                break;
            default:
                events[at] = (Changed(events[at].Event, chance), events[at].At);
                break;
        }
    }

    private static JobEvent Changed(JobEvent @event, Chance chance)
    {
        var (number, bytes) = (s_numbers[chance.Below(s_numbers.Length)], SampleJob.Commit(chance.Below(12)));
        var attempt = (int)Math.Clamp(number, int.MinValue, int.MaxValue);
        var choice = chance.Below(4);
        return @event switch
        {
            Submitted e => choice switch
            {
                0 => e with { RequestType = e.RequestType == RequestType.CId ? RequestType.ConversationIds : RequestType.CId },
                1 => e with { Commitments = [.. e.Commitments.Take(chance.Below(3))] },
                2 => e with { Commitments = [.. e.Commitments, bytes] },
                _ => e with { From = SampleJob.Night.AddYears(-chance.Below(3)) },
            },
            CaseRecorded e => choice switch
            {
                0 => e with { DueOn = e.DueOn?.AddDays(-40) },
                1 => e with { DueOn = null },
                2 => new CaseRecorded(),
                _ => e with { Basis = null, ReceivedOn = null },
            },
            DeadlineExtended e => choice switch
            {
                0 => e with { DueOn = e.DueOn.AddDays(-61) },
                1 => e with { DueOn = e.DueOn.AddDays(-60) },
                2 => e with { DueOn = e.DueOn.AddDays(-100) },
                _ => e with { Reason = "", Client = "cs-2" },
            },
            Scheduled e => choice switch
            {
                0 => e with { Attempt = attempt },
                1 => e with { Reason = (ScheduleReason)chance.Below(4) },
                2 => e with { PlannedAt = e.PlannedAt.AddHours(chance.Below(40) - 20) },
                _ => e with { Window = e.Window with { Opens = e.Window.Opens.AddHours(2), Closes = e.Window.Closes.AddHours(-5) } },
            },
            Started e => choice switch
            {
                0 => e with { Attempt = attempt },
                1 => e with { Conversations = Math.Max(0, number) },
                2 => e with { ManifestRoot = bytes },
                _ => e with { From = e.From is null ? SampleJob.Night : null, RetainedFrom = null },
            },
            ConversationDeleted e => choice switch
            {
                0 => e with { Attempt = attempt, ConfirmedAbsent = chance.Below(2) == 0 },
                1 => e with { Ordinal = number },
                2 => e with { Commitment = bytes },
                _ => e with { Items = new ItemCounts(Math.Max(0, number), Jcs.MaxInteger) },
            },
            ConversationSkipped e => choice switch
            {
                0 or 1 => e with { Ordinal = number },
                2 => e with { Commitment = bytes },
                _ => e with { Reason = (SkipReason)(1 + chance.Below(5)) },
            },
            Failed e => choice switch
            {
                0 => e with { Attempt = attempt },
                1 => e with { RetriesRemaining = attempt },
                2 => e with { Ordinal = e.Ordinal is null ? number : null, Commitment = e.Ordinal is null ? bytes : null },
                _ => e.Ordinal is null ? e : e with { Ordinal = number },
            },
            Completed e => choice switch
            {
                0 => e with { Outcome = (JobOutcome)chance.Below(3) },
                1 => e with { UntouchedFrom = number, Deleted = chance.Below(4) },
                2 => e with { Skipped = new Dictionary<SkipReason, long> { [(SkipReason)(1 + chance.Below(5))] = number } },
                _ => e with { Failed = number },
            },
            _ => throw new ArgumentOutOfRangeException(nameof(@event)),
        };
    }
}
