using Ledger.Certificates;
using Ledger.Contracts.Jobs;
using Ledger.EventStore;

namespace Ledger.Tests.Certificates;

/// <summary>A record that contradicts itself is not certified, whichever of its parts was changed.</summary>
public sealed class RecordCheckTests
{
    private static readonly JobRecord s_record = Records.Of(JobOutcome.Failed, "ddffr", "df");

    [Fact]
    public void A_record_that_agrees_with_itself_is_certified() => RecordCheck.Check(s_record);

    [Fact]
    public void A_lost_event_is_seen() => Refused("events are missing", s_record with { Version = s_record.Version + 1 });

    [Fact]
    public void A_lost_leaf_is_seen() =>
        Refused("not every event has its leaf", s_record with { Runs = s_record.Runs with { Events = 3 } });

    [Fact]
    public void A_leaf_beyond_the_checkpoint_is_seen() =>
        Refused("not every event has its leaf", s_record with { Runs = s_record.Runs with { End = 5_000 } });

    [Fact]
    public void An_unconfirmed_deletion_is_seen() => Refused("not confirmed", Deletions(count => count with { Confirmed = 0 }));

    [Fact]
    public void A_deletion_outside_its_window_is_seen()
    {
        Refused("outside its window", Deletions(count => count with { FirstAt = count.FirstAt.AddHours(-1) }));
        Refused("outside its window", Deletions(count => count with { LastAt = count.LastAt.AddHours(9) }));
        Refused("without a plan", Deletions(count => count with { Plan = 0 }));
    }

    [Fact]
    public void Counts_that_differ_are_seen()
    {
        Refused("the erased items", Deletions(count => count with { Items = new ItemCounts(1) }));
        Refused("the erased conversations", End(end => end with { Deleted = 4 }));
        Refused("the failed conversations", End(end => end with { Failed = 2 }));
        Refused(
            "the skipped conversations", End(end => end with { Skipped = new Dictionary<SkipReason, long> { [SkipReason.NotFound] = 1 } }));
        Refused("do not add up to its list", End(end => end with { Conversations = 6 }));
        Refused("its end is not what its counts say", End(end => end with { Outcome = JobOutcome.Completed }));
    }

    [Fact]
    public void A_status_document_that_says_something_else_is_seen()
    {
        Refused("the status document", s_record with { Status = s_record.Status with { CompletedAt = Records.Evening } });
        Refused(
            "the status document",
            s_record with { Status = s_record.Status with { Result = s_record.Status.Result with { SkippedCount = 0 } } });
        Refused(
            "the status document",
            s_record with { Status = s_record.Status with { Result = s_record.Status.Result with { DeletedItems = ItemCounts.None } } });
    }

    private static void Refused(string why, JobRecord record) =>
        Assert.Contains(
            why, Assert.Throws<ContradictoryRecordException>(() => RecordCheck.Check(record)).Message, StringComparison.Ordinal);

    private static JobRecord Deletions(Func<OutcomeCount, OutcomeCount> change) =>
        Rebuilt(s_record.Events, [.. s_record.Outcomes.Select(count => count.Kind == OutcomeKind.Deleted ? change(count) : count)]);

    private static JobRecord End(Func<Completed, Completed> change) =>
        Rebuilt(
            [.. s_record.Events.SkipLast(1), new RecordedEvent(s_record.Version, change(s_record.Job.End), s_record.Ended.At)],
            s_record.Outcomes);

    /// <summary>A record derives some of its members when it is made: <c>with</c> would keep the old ones.</summary>
    private static JobRecord Rebuilt(IReadOnlyList<RecordedEvent> events, IReadOnlyList<OutcomeCount> outcomes) =>
        new(s_record.Job, s_record.Version, events, outcomes, s_record.Status, s_record.Runs, s_record.SignedAt);
}
