using Ledger.Contracts.Jobs;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Jobs;

public sealed partial class JobDecisionsTests
{
    [Fact]
    public void A_resolved_list_starts_the_job() => AWaitingJob.Then(StartOf(1, 3), Started(1, 3));

    [Fact]
    public void A_job_that_identifies_nothing_is_completed_with_zeros() => AWaitingJob.Then(
        StartOf(1, 0), Started(1, 0), new Completed(JobOutcome.Completed, 0, 0, 0, new Dictionary<SkipReason, long>(), ItemCounts.None));

    [Fact]
    public void A_list_is_resolved_once() => AStartedJob.Then(StartOf(1, 5));

    [Fact]
    public void A_start_of_an_attempt_that_is_over_records_nothing()
    {
        var second = AWaitingJob.When(new Ledger.Jobs.FailAttempt(1, FailureReason.ListUnresolved, Retry));
        second.Then(StartOf(1, 3));
        second.Then(StartOf(2, 3), Started(2, 3));
    }

    [Fact]
    public void A_start_of_an_attempt_that_was_never_planned_is_rejected() =>
        AWaitingJob.ThenRejected(StartOf(2, 3), "there is no plan for such an attempt yet");
}
