using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Jobs;

public sealed partial class JobDecisionsTests
{
    [Fact]
    public void A_job_whose_opening_has_ended_is_planned_anew_in_the_same_attempt()
    {
        AWaitingJob.Then(new Replan(First, Later), new Scheduled(Later.PlannedAt, Later.Window, ScheduleReason.WindowClosed, 1));
        ARetriedJob.Then(new Replan(Retry, Plan(48)), new Scheduled(Plan(48).PlannedAt, Plan(48).Window, ScheduleReason.WindowClosed, 2));
    }

    [Fact]
    public void A_new_plan_keeps_the_outcomes_and_the_cursor()
    {
        var job = AStartedJob.When(new RecordOutcomes(1, [Deleted(0), Failed(1)], Retry)).When(new Replan(First, Later));
        Assert.Equal((2, 1, 1, 1), (job.Job!.Cursor, job.Job.Owed, job.Job.DeletedCount, job.Job.FailedCount));
    }

    [Fact]
    public void A_plan_that_was_replaced_before_is_not_replaced_again() =>
        AWaitingJob.When(new Replan(First, Later)).Then(new Replan(First, Plan(48)));

    [Fact]
    public void Plans_only_move_forward()
    {
        AWaitingJob.ThenRejected(new Replan(First, Plan(-1)), "the new plan is not later than the one that it replaces");
        AWaitingJob.ThenRejected(new Replan(First, First), "the new plan is not later than the one that it replaces");
    }
}
