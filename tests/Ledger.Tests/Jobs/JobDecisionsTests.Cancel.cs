using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Jobs;

public sealed partial class JobDecisionsTests
{
    private static readonly ItemCounts s_ofOne = new(Messages: 2, Logs: 1);

    [Fact]
    public void A_job_is_cancelled_before_its_start_and_nothing_was_touched() =>
        AWaitingJob.Then(new Cancel(), Cancelled(0, 0, 0, [], ItemCounts.None, untouchedFrom: 0));

    [Fact]
    public void A_job_is_cancelled_in_its_first_pass_from_the_cursor_on_nothing_was_touched()
    {
        AStartedJob.Then(new Cancel(), Cancelled(3, 0, 0, [], ItemCounts.None, untouchedFrom: 0));
        AStartedJob.When(new RecordOutcomes(1, [Deleted(0), Failed(1)], Retry))
            .Then(new Cancel(), Cancelled(3, 1, 1, [], s_ofOne, untouchedFrom: 2));
    }

    [Fact]
    public void A_retry_that_has_not_begun_is_cancelled_at_once_and_what_failed_stays_failed() =>
        ARetriedJob.Then(new Cancel(), Cancelled(3, 2, 1, [], s_ofOne + s_ofOne, untouchedFrom: 3));

    [Fact]
    public void A_retry_that_has_begun_is_settled_first_and_its_last_outcome_ends_the_job()
    {
        var retried = AStartedJob
            .When(new RecordOutcomes(1, [Failed(0), Failed(1), Failed(2)], Retry))
            .When(new RecordOutcomes(2, [Failed(0)], Later));
        retried.ThenRejected(new Cancel(), "a retry that has begun must be settled first");
        var settled = retried.When(new RecordOutcomes(2, [NotTouched(1)], Later));
        Assert.True(settled.Job is { IsBeingCancelled: true, IsEnded: false });
        // Ordinal 0 failed, and a retry is left: a job that is being cancelled is not tried again.
        settled.Then(
            new RecordOutcomes(2, [NotTouched(2)], Later),
            new ConversationSkipped(Commitment(2), 2, SkipReason.Cancelled),
            Cancelled(3, 0, 1, new() { [SkipReason.Cancelled] = 2 }, ItemCounts.None, untouchedFrom: 3));
    }

    [Fact]
    public void A_job_that_has_ended_is_not_cancelled()
    {
        AnEndedJob.ThenRejected(new Cancel(), "the job has ended, as completed: there is nothing to cancel");
        AWaitingJob.When(new Cancel()).ThenRejected(new Cancel(), "the job has ended, as cancelled: there is nothing to cancel");
    }

    private static Outcome NotTouched(long ordinal) => new Outcome.Skipped(ordinal, Commitment(ordinal), SkipReason.Cancelled);

    private static Completed Cancelled(
        long conversations, long deleted, long failed, Dictionary<SkipReason, long> skipped, ItemCounts items, long untouchedFrom) =>
        new(JobOutcome.Cancelled, conversations, deleted, failed, skipped, items, untouchedFrom);
}
