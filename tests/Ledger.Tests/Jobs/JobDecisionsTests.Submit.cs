using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Jobs;

/// <summary>The rules of a job, one file per command.</summary>
public sealed partial class JobDecisionsTests
{
    [Fact]
    public void A_submission_is_recorded_and_planned() => NoJob.Then(
        new Submit(Request, First), Request, new Scheduled(First.PlannedAt, First.Window, ScheduleReason.OffPeak, 1));

    [Fact]
    public void A_submission_of_a_job_that_exists_records_nothing()
    {
        AWaitingJob.Then(new Submit(Request, Later));
        AnEndedJob.Then(new Submit(Request, Later));
    }

    [Fact]
    public void Nothing_but_a_submission_can_come_first()
    {
        foreach (
            var command in new JobCommand[]
            {
                StartOf(1, 3),
                new RecordOutcomes(1, [Deleted(0)], Retry),
                new FailAttempt(1, FailureReason.ListUnresolved, Retry),
                new Replan(First, Later),
            }
        )
            NoJob.ThenRejected(command, "there is no such job");
    }

    [Fact]
    public void Nothing_follows_the_end()
    {
        foreach (var command in new JobCommand[]
                 {
                     StartOf(1, 3), StartOf(2, 3), new RecordOutcomes(1, [Deleted(0)], Retry), new RecordOutcomes(2, [Failed(5)], Retry),
                     new FailAttempt(1, FailureReason.ListUnresolved, Retry), new Replan(First, Later),
                 })
            AnEndedJob.Then(command);
    }
}
