using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Jobs;

public sealed partial class JobDecisionsTests
{
    private static readonly DateOnly s_received = new(2026, 5, 2), s_due = new(2026, 6, 2), s_later = new(2026, 8, 2);
    private static readonly CaseRecorded s_case = new(CaseBasis.Gdpr171B, s_received, s_due);

    private static Given AJobWith(CaseRecorded told) => NoJob.When(new Submit(Request, First, told));

    private static ExtendDeadline To(DateOnly day, string reason = "many requests") => new(day, reason, "cs-1");

    [Fact]
    public void A_case_is_recorded_between_the_submission_and_the_plan() => NoJob.Then(
        new Submit(Request, First, s_case), Request, s_case,
        new Scheduled(First.PlannedAt, First.Window, ScheduleReason.OffPeak, 1));

    [Fact]
    public void A_deadline_is_extended_to_a_later_day_in_every_state_but_the_last()
    {
        foreach (var job in new[] { AJobWith(s_case), AJobWith(s_case).And(Started(1, 3)) })
            job.Then(To(s_later), new DeadlineExtended(s_later, "many requests", "cs-1"));
        AJobWith(s_case).And(Started(1, 3)).When(new RecordOutcomes(1, [Deleted(0), Deleted(1), Deleted(2)], Retry))
            .ThenRejected(To(s_later), "the job has ended: its deadline is extended no more");
    }

    [Fact]
    public void A_day_that_is_not_later_is_rejected_with_the_deadline_so_far()
    {
        foreach (var day in new[] { s_due, s_received, DateOnly.MinValue })
            AJobWith(s_case).ThenRejected(To(day), "dueOn must be later than 2026-06-02, the deadline so far");
        AJobWith(s_case).When(To(s_later)).ThenRejected(
            To(s_later, "another reason"), "dueOn must be later than 2026-08-02, the deadline so far");
    }

    [Fact]
    public void A_case_without_a_deadline_gets_its_first_one_from_the_receipt_on()
    {
        AJobWith(new CaseRecorded(CaseBasis.Other)).Then(To(s_due), new DeadlineExtended(s_due, "many requests", "cs-1"));
        AJobWith(new CaseRecorded(ReceivedOn: s_received)).Then(To(s_received), new DeadlineExtended(s_received, "many requests", "cs-1"));
        AJobWith(new CaseRecorded(ReceivedOn: s_received))
            .ThenRejected(To(s_received.AddDays(-1)), "dueOn must not be before 2026-05-02, the day of receipt");
    }

    [Fact]
    public void The_same_extension_again_records_nothing_also_when_the_job_has_ended()
    {
        AJobWith(s_case).When(To(s_later)).Then(To(s_later));
        AJobWith(s_case).When(To(s_later)).And(Started(1, 3))
            .When(new RecordOutcomes(1, [Deleted(0), Deleted(1), Deleted(2)], Retry)).Then(To(s_later));
    }

    [Fact]
    public void A_job_without_a_case_has_no_deadline()
    {
        foreach (var job in new[] { AWaitingJob, AStartedJob, AnEndedJob })
            job.ThenRejected(To(s_later), "the job was submitted without a case, so it has no deadline");
    }
}
