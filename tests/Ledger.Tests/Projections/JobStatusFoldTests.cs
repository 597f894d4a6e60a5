using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using Ledger.Projections.Status;
using Ledger.Tests.Jobs;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Projections;

public sealed class JobStatusFoldTests
{
    private static readonly JobId s_id = JobId.FromRandomness(new byte[32]);

    [Fact]
    public void Each_event_moves_the_phase()
    {
        var replanned = AStartedJob.When(new RecordOutcomes(1, [Deleted(0)], Retry)).When(new Replan(First, Later));
        Assert.Equal(Phase.Waiting, StatusOf(AWaitingJob).Phase);
        Assert.Equal(Phase.Waiting, StatusOf(AWaitingJob.When(new Replan(First, Later))).Phase); // it had not begun
        Assert.Equal(Phase.Running, StatusOf(AStartedJob).Phase);
        Assert.Equal(Phase.Paused, StatusOf(replanned).Phase);
        Assert.Equal(Phase.Running, StatusOf(replanned.When(new RecordOutcomes(1, [Deleted(1)], Retry))).Phase);
        Assert.Equal(Phase.Retrying, StatusOf(ARetriedJob).Phase);
        Assert.Equal(Phase.Retrying, StatusOf(AWaitingJob.When(new FailAttempt(1, FailureReason.ListUnresolved, Retry))).Phase);
        Assert.Equal(Phase.Paused, StatusOf(ARetriedJob.When(new Replan(Retry, Plan(48)))).Phase);
        Assert.Equal(Phase.Done, StatusOf(AnEndedJob).Phase);
    }

    [Fact]
    public void Instants_are_null_until_they_are_true()
    {
        var waiting = StatusOf(AWaitingJob);
        Assert.Equal(
            (JobHistory.At(1), First.PlannedAt, null, null),
            (waiting.SubmittedAt, waiting.ScheduledAt, waiting.StartedAt, waiting.CompletedAt));
        var ended = StatusOf(AnEndedJob);
        Assert.Equal((JobHistory.At(3), JobHistory.At(7)), (ended.StartedAt, ended.CompletedAt));
        Assert.Equal(Retry.PlannedAt, StatusOf(ARetriedJob).ScheduledAt);
    }

    [Fact]
    public void A_failure_falls_from_the_counts_when_a_retry_mends_it()
    {
        Assert.Equal((3, 2, 1), Counts(ARetriedJob));
        Assert.Equal((3, 3, 0), Counts(ARetriedJob.When(new RecordOutcomes(2, [Deleted(1)], Later))));
        Assert.Equal((3, 2, 1), Counts(ARetriedJob.When(new RecordOutcomes(2, [Failed(1)], Later))));
    }

    [Fact]
    public void Events_in_an_impossible_order_are_not_swallowed()
    {
        Assert.Throws<InvalidOperationException>(() => StatusOf(new Given([Started(1, 3)])));
        Assert.Throws<InvalidOperationException>(() => StatusOf(AWaitingJob.And(Request)));
        Assert.Throws<InvalidOperationException>(() => StatusOf(AnEndedJob.And(Started(1, 3))));
        Assert.Throws<InvalidOperationException>(() => new Given([Started(1, 3)]).Job);
        Assert.Throws<InvalidOperationException>(() => AWaitingJob.And(Request).Job);
    }

    private static (long Processed, long Deleted, long Failed) Counts(Given job)
    {
        var result = StatusOf(job).Result;
        return (result.ProcessedCount, result.DeletedCount, result.FailedCount);
    }

    private static JobStatus StatusOf(Given job) =>
        job
            .Events.Select((e, i) => (Event: e, At: JobHistory.At(i + 1)))
            .Aggregate((JobStatus?)null, (status, e) => JobStatusFold.Apply(status, s_id, e.Event, e.At))!;
}
