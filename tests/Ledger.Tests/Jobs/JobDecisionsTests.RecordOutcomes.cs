using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Jobs;

public sealed partial class JobDecisionsTests
{
    private static readonly ItemCounts s_items = new(Messages: 2, Logs: 1);

    [Fact]
    public void Outcomes_are_recorded_in_order() =>
        AStartedJob.Then(
            new RecordOutcomes(1, [Deleted(0), Skipped(1)], Retry),
            new ConversationDeleted(Commitment(0), 0, s_items, 1, ConfirmedAbsent: true),
            new ConversationSkipped(Commitment(1), 1, SkipReason.NotFound));

    [Fact]
    public void The_last_outcome_of_a_job_without_failures_completes_it() =>
        AStartedJob
            .When(new RecordOutcomes(1, [Deleted(0), Skipped(1)], Retry))
            .Then(
                new RecordOutcomes(1, [Deleted(2)], Retry),
                new ConversationDeleted(Commitment(2), 2, s_items, 1, ConfirmedAbsent: true),
                new Completed(
                    JobOutcome.Completed, 3, 2, 0, new Dictionary<SkipReason, long> { [SkipReason.NotFound] = 1 }, s_items + s_items)
            );

    [Fact]
    public void The_last_outcome_of_an_attempt_with_failures_plans_the_retry() => AStartedJob.Then(
        new RecordOutcomes(1, [Deleted(0), Failed(1), Skipped(2)], Retry),
        new ConversationDeleted(Commitment(0), 0, s_items, 1, ConfirmedAbsent: true),
        new Failed(FailureReason.StoreRefused, 1, 3, Commitment(1), 1),
        new ConversationSkipped(Commitment(2), 2, SkipReason.NotFound),
        new Scheduled(Retry.PlannedAt, Retry.Window, ScheduleReason.Retry, 2));

    [Fact]
    public void A_retry_that_mends_the_failure_completes_the_job() => ARetriedJob.Then(
        new RecordOutcomes(2, [Deleted(1)], Later),
        new ConversationDeleted(Commitment(1), 1, s_items, 2, ConfirmedAbsent: true),
        new Completed(JobOutcome.Completed, 3, 3, 0, new Dictionary<SkipReason, long>(), s_items + s_items + s_items));

    [Fact]
    public void A_failure_in_the_last_attempt_ends_the_job_as_failed() => ARetriedJob
        .When(new RecordOutcomes(2, [Failed(1)], Plan(26))).When(new RecordOutcomes(3, [Failed(1)], Plan(27)))
        .Then(
            new RecordOutcomes(4, [Failed(1)], Plan(28)),
            new Failed(FailureReason.StoreRefused, 4, 0, Commitment(1), 1),
            new Completed(JobOutcome.Failed, 3, 2, 1, new Dictionary<SkipReason, long>(), s_items + s_items));

    [Fact]
    public void Outcomes_that_are_recorded_already_are_passed_over()
    {
        var half = AStartedJob.When(new RecordOutcomes(1, [Deleted(0), Deleted(1)], Retry));
        half.Then(new RecordOutcomes(1, [Deleted(0), Deleted(1)], Retry));
        half.Then(new RecordOutcomes(1, [Failed(0)], Retry));
        Assert.Equal(2, half.Decide(new RecordOutcomes(1, [Deleted(1), Deleted(2)], Retry)).Events.Count);
    }

    [Fact]
    public void An_ordinal_twice_in_one_batch_is_recorded_once() =>
        Assert.Single(AStartedJob.Decide(new RecordOutcomes(1, [Deleted(0), Failed(0)], Retry)).Events);

    [Fact]
    public void Outcomes_of_an_attempt_that_is_over_record_nothing() => ARetriedJob.Then(new RecordOutcomes(1, [Deleted(1)], Retry));

    [Fact]
    public void No_outcomes_record_nothing() => AStartedJob.Then(new RecordOutcomes(1, [], Retry));

    [Fact]
    public void An_ordinal_left_out_is_rejected_and_nothing_of_the_batch_recorded() =>
        AStartedJob.ThenRejected(new RecordOutcomes(1, [Deleted(0), Deleted(2)], Retry), "an ordinal was left out");

    [Fact]
    public void An_ordinal_beyond_the_manifest_is_rejected()
    {
        AStartedJob.ThenRejected(new RecordOutcomes(1, [Deleted(3)], Retry), "the manifest has no such ordinal");
        AStartedJob.ThenRejected(
            new RecordOutcomes(1, [Deleted(0), Deleted(1), Deleted(2), Deleted(3)], Retry), "the manifest has no such ordinal");
        // more than failed
        ARetriedJob.ThenRejected(new RecordOutcomes(2, [Deleted(1), Deleted(2)], Retry), "the manifest has no such ordinal");
    }

    [Fact]
    public void Outcomes_before_the_start_are_rejected() =>
        AWaitingJob.ThenRejected(new RecordOutcomes(1, [Deleted(0)], Retry), "the job has not started");

    [Fact]
    public void Outcomes_of_an_attempt_that_was_never_planned_are_rejected() =>
        AStartedJob.ThenRejected(new RecordOutcomes(2, [Deleted(0)], Retry), "there is no plan for such an attempt yet");
}
