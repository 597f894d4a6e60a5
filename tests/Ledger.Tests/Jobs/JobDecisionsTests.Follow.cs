using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using Ledger.Projections.Status;
using Ledger.Windows;
using static Ledger.Tests.Jobs.Given;

namespace Ledger.Tests.Jobs;

/// <summary>A job follows its bot's window.</summary>
public sealed partial class JobDecisionsTests
{
    /// <summary>In a window of another name; it may be earlier than what is planned.</summary>
    private static Plan Elsewhere { get; } = Plan(-3) with { Window = Plan(-3).Window with { Name = "noon" } };

    [Fact]
    public void A_job_that_waits_is_planned_into_its_bots_other_window_also_earlier_and_in_the_same_attempt()
    {
        AWaitingJob.Then(
            new FollowWindow(Elsewhere, Noon.AddHours(-3), true),
            new Scheduled(Elsewhere.PlannedAt, Elsewhere.Window, ScheduleReason.WindowChanged, 1));
        ARetriedJob.Then(
            new FollowWindow(Elsewhere, Noon.AddHours(5), true),
            new Scheduled(Elsewhere.PlannedAt, Elsewhere.Window, ScheduleReason.WindowChanged, 2));
    }

    [Theory]
    [InlineData("cron")]
    [InlineData("zone")]
    [InlineData("length")]
    public void A_window_that_is_defined_otherwise_is_another_one(string what)
    {
        var window = First.Window;
        var changed = what switch
        {
            "cron" => window with { Cron = "0 30 * * * ?" },
            "zone" => window with { TimeZone = "Europe/Berlin" },
            _ => window with { Closes = window.Closes.AddMinutes(1) },
        };
        Assert.Single(AWaitingJob.Decide(new FollowWindow(First with { Window = changed }, Noon.AddHours(-1), true)).Events);
    }

    [Fact]
    public void Another_opening_of_the_same_window_is_nothing_to_follow() =>
        AWaitingJob.Then(new FollowWindow(Later, Noon.AddHours(-1), true));

    [Fact]
    public void To_follow_twice_appends_nothing() =>
        AWaitingJob.When(new FollowWindow(Elsewhere, Noon.AddHours(-3), true)).Then(new FollowWindow(Elsewhere, Noon.AddHours(-3), true));

    [Fact]
    public void A_job_at_work_stays_in_its_opening_until_that_closes()
    {
        AStartedJob.Then(new FollowWindow(Elsewhere, Noon, true));
        AStartedJob.Then(new FollowWindow(Elsewhere, Noon.AddMinutes(59), true));
        Assert.Single(AStartedJob.Decide(new FollowWindow(Elsewhere, Noon.AddHours(1), true)).Events);
        // Where its window was defined anew and is closed now, nobody works on it.
        Assert.Single(AStartedJob.Decide(new FollowWindow(Elsewhere, Noon, false)).Events);
        // What has not started may go at once.
        Assert.Single(AWaitingJob.Decide(new FollowWindow(Elsewhere, Noon, true)).Events);
    }

    [Fact]
    public void Of_a_job_that_has_ended_nothing_follows() => AnEndedJob.Then(new FollowWindow(Elsewhere, Noon, true));

    [Fact]
    public void It_keeps_the_outcomes_and_the_cursor()
    {
        var job = AStartedJob
            .When(new RecordOutcomes(1, [Deleted(0), Failed(1)], Retry))
            .When(new FollowWindow(Elsewhere, Noon.AddHours(2), true));
        Assert.Equal((2, 1, 1, 1), (job.Job!.Cursor, job.Job.Owed, job.Job.DeletedCount, job.Job.FailedCount));
        Assert.Equal("noon", job.Job.WindowName);
    }

    [Fact]
    public void The_phase_stays_but_that_a_job_that_had_begun_is_paused()
    {
        Phase After(Given job) =>
            job.Events.Aggregate((JobStatus?)null, (status, e) => JobStatusFold.Apply(status, default, e, Noon))!.Phase;
        var follow = new FollowWindow(Elsewhere, Noon.AddHours(2), false);
        Assert.Equal(Phase.Waiting, After(AWaitingJob.When(follow)));
        Assert.Equal(Phase.Running, After(AStartedJob));
        Assert.Equal(Phase.Paused, After(AStartedJob.When(follow)));
        Assert.Equal(Phase.Retrying, After(ARetriedJob.When(follow)));
    }
}
