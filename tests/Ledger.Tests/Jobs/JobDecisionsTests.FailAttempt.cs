using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Jobs;

public sealed partial class JobDecisionsTests
{
    [Fact]
    public void An_attempt_whose_list_was_not_resolved_is_tried_again() => AWaitingJob.Then(
        new FailAttempt(1, FailureReason.ListUnresolved, Retry),
        new Failed(FailureReason.ListUnresolved, 1, 3), new Scheduled(Retry.PlannedAt, Retry.Window, ScheduleReason.Retry, 2));

    [Fact]
    public void The_last_attempt_that_fails_as_a_whole_ends_the_job_as_failed() => Enumerable.Range(1, 3)
        .Aggregate(AWaitingJob, (job, attempt) => job.When(new FailAttempt(attempt, FailureReason.ListUnresolved, Plan(24 + attempt))))
        .Then(
            new FailAttempt(4, FailureReason.ListUnresolved, Plan(30)),
            new Failed(FailureReason.ListUnresolved, 4, 0),
            new Completed(JobOutcome.Failed, 0, 0, 0, new Dictionary<SkipReason, long>(), ItemCounts.None));

    [Fact]
    public void An_attempt_fails_once()
    {
        var fail = new FailAttempt(1, FailureReason.ListUnresolved, Retry);
        AWaitingJob.When(fail).Then(fail);
    }

    [Fact]
    public void A_started_attempt_does_not_fail_as_a_whole() => AStartedJob.ThenRejected(
        new FailAttempt(1, FailureReason.ListUnresolved, Retry), "an attempt whose list is resolved fails by its conversations");

    [Fact]
    public void An_attempt_that_was_never_planned_cannot_fail() =>
        AWaitingJob.ThenRejected(new FailAttempt(2, FailureReason.ListUnresolved, Retry), "there is no plan for such an attempt yet");
}
