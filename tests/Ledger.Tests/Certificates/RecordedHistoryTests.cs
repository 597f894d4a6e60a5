using Ledger.Certificates;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;

namespace Ledger.Tests.Certificates;

/// <summary>A job whose events break a rule is not certified, and the refusal says which.</summary>
public sealed class RecordedHistoryTests
{
    /// <summary>Submitted, scheduled, started, deleted 0 and 1, failed 2 and 3, skipped 4, scheduled, two more, completed.</summary>
    private static readonly IReadOnlyList<(JobEvent Event, DateTimeOffset At)> s_events = Records.Played(JobOutcome.Failed, "ddffr", "df");

    [Fact]
    public void What_was_recorded_under_each_plan_is_counted()
    {
        var history = Records.Of(s_events).History;
        Assert.Equal(
            [(1, 2, 1, 2, s_events[3].At, s_events[7].At), (2, 1, 0, 1, s_events[9].At, s_events[10].At)],
            history.Plans.Select(
                plan => (plan.Plan.Attempt, plan.Erased, plan.Skipped, plan.Failed.Values.Sum(), plan.FirstAt!.Value, plan.LastAt!.Value)));
        Assert.Equal(new Dictionary<FailureReason, long> { [FailureReason.StoreRefused] = 1 }, history.Failed());
        Assert.Empty(history.FailedAttempts());
        Assert.Empty(Records.Of(JobOutcome.Completed, "ff", "dd").History.Failed());
    }

    [Fact]
    public void A_lost_event_is_seen()
    {
        var history = new RecordedHistory(Records.Job);
        Add(history, 1, s_events[0]);
        Assert.Contains(
            "event 2 of the job is missing: 3 comes in its place",
            Assert.Throws<ContradictoryRecordException>(() => Add(history, 3, s_events[2])).Message, StringComparison.Ordinal);
        Refused("the job's last event, which ends it, is missing", s_events.SkipLast(1));
        Refused("a job's first event", s_events.Skip(1));
        Refused("the outcome of conversation 1 is missing", s_events.Where((_, i) => i != 4));
    }

    [Fact]
    public void An_unconfirmed_deletion_is_seen() =>
        Refused("not confirmed", Changed<ConversationDeleted>(deleted => deleted with { ConfirmedAbsent = false }));

    [Theory]
    [InlineData(3, "was deleted")]
    [InlineData(5, "failed")]
    [InlineData(7, "was skipped")]
    public void An_outcome_outside_its_opening_is_seen(int at, string happened)
    {
        foreach (var hours in new[] { -1, 9 })
            Refused($"{happened} at", s_events.Select((e, i) => i == at ? (e.Event, e.At.AddHours(hours)) : e));
    }

    [Fact]
    public void A_deletion_without_a_plan_is_seen() =>
        Refused("where attempt 0 was planned", s_events.Where(e => e.Event is not Scheduled));

    [Fact]
    public void Counts_that_differ_are_seen()
    {
        foreach (
            var change in (Func<Completed, Completed>[])
                [
                    end => end with { Items = ItemCounts.None }, end => end with { Deleted = 4 }, end => end with { Failed = 2 },
                    end => end with { Skipped = new Dictionary<SkipReason, long> { [SkipReason.NotFound] = 1 } },
                    end => end with { Conversations = 6 },
                ]
        )
        {
            Refused("the counts of the job's last event are not the sums of its outcomes", Changed(change));
        }
        Refused("which its outcomes contradict", Changed<Completed>(end => end with { Outcome = JobOutcome.Completed }));
    }

    [Fact]
    public void Another_list_than_the_one_that_was_committed_to_is_seen()
    {
        Refused("not the one that was requested", Changed<Started>(started => started with { ManifestRoot = new byte[32] }));
        Refused("manifest root", Changed<ConversationDeleted>(deleted => deleted with { Commitment = new byte[32] }));
    }

    [Theory]
    [InlineData("moon_landed", "{}", "event 5 has what this version of the ledger does not know: the event type 'moon_landed'")]
    [InlineData("conversation_skipped", """{"commitment":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","ordinal":1,"reason":"bored"}""", "event 5 has what this version of the ledger does not know: the value 'bored' of 'conversation_skipped.reason'")]
    [InlineData("conversation_deleted", "{}", "event 5 is not as a ledger writes it")]
    [InlineData("completed", "\"text\"", "event 5 is not as a ledger writes it")]
    [InlineData("bot_changed", "{}", "event 5 is not as a ledger writes it")]
    [InlineData("submitted", "{", "event 5 is not as a ledger writes it")]
    public void An_event_that_cannot_be_read_is_no_bug_but_a_contradiction(string type, string data, string why)
    {
        var rows = s_events.Select(e => (EventType.Of(e.Event).Name, EventType.Of(e.Event).Write(e.Event), e.At)).ToList();
        rows.Insert(4, (type, data, s_events[4].At));
        Assert.Contains(
            why, Assert.Throws<ContradictoryRecordException>(() => Records.History(rows)).Message, StringComparison.Ordinal);
    }

    private static void Add(RecordedHistory history, long version, (JobEvent Event, DateTimeOffset At) e) =>
        history.Add(version, EventType.Of(e.Event).Name, e.At, EventType.Of(e.Event).WriteSorted(e.Event));

    private static void Refused(string why, IEnumerable<(JobEvent Event, DateTimeOffset At)> events) =>
        Assert.Contains(
            why, Assert.Throws<ContradictoryRecordException>(() => Records.Of([.. events])).Message, StringComparison.Ordinal);

    /// <summary>The events with the first of a type changed.</summary>
    private static IEnumerable<(JobEvent Event, DateTimeOffset At)> Changed<T>(Func<T, JobEvent> change)
        where T : JobEvent
    {
        var at = s_events.ToList().FindIndex(e => e.Event is T);
        return s_events.Select((e, i) => i == at ? (change((T)e.Event), e.At) : e);
    }
}
