using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Tests.Jobs;

/// <summary>What holds of every history, whatever commands came in whatever order and however often.</summary>
public sealed class JobHistoryTests
{
    [Fact]
    public void Repeating_any_command_at_once_or_later_appends_nothing() => JobHistory.HoldsForAll(history =>
    {
        var recorded = history.Events.Count;
        foreach (var command in history.Commands.Where(WasCarriedOut(history)).Reverse().ToList())
            history.Carry(command);
        Assert.Equal(recorded, history.Events.Count);
    });

    /// <summary>Repeating what was rejected may do more later, when its time has come; all that was carried out is done for good.</summary>
    private static Func<JobCommand, bool> WasCarriedOut(JobHistory history)
    {
        var replayed = default(Job);
        var carriedOut = new HashSet<JobCommand>(ReferenceEqualityComparer.Instance);
        foreach (var command in history.Commands)
        {
            var decision = JobDecisions.Decide(replayed, command);
            replayed = Given.Fold(replayed, decision.Events);
            if (decision.Rejection is null)
                carriedOut.Add(command);
        }
        return carriedOut.Contains;
    }

    [Fact]
    public void Every_command_repeated_at_once_appends_nothing() => JobHistory.HoldsForAll(history =>
    {
        var job = default(Job);
        foreach (var command in history.Commands)
        {
            job = Given.Fold(job, JobDecisions.Decide(job, command).Events);
            Assert.Empty(JobDecisions.Decide(job, command).Events);
        }
    });

    [Fact]
    public void A_job_ends_once_and_nothing_follows() => JobHistory.HoldsForAll(history =>
    {
        history.Finish();
        Assert.IsType<Completed>(history.Events[^1]);
        Assert.Single(history.Events.OfType<Completed>());
    });

    [Fact]
    public void Every_ordinal_of_an_ended_job_has_exactly_one_final_outcome() => JobHistory.HoldsForAll(history =>
    {
        history.Finish();
        Assert.Equal(0, history.Overwritten);
        Assert.Equal(Enumerable.Range(0, (int)Reached((Completed)history.Events[^1])).Select(i => (long)i), history.Manifest.Keys.Order());
    });

    [Fact]
    public void The_counts_of_the_end_are_sums_of_outcomes() =>
        JobHistory.HoldsForAll(history =>
        {
            history.Finish();
            var end = (Completed)history.Events[^1];
            Assert.Equal(history.Job!.Conversations, end.Conversations);
            Assert.Equal(Reached(end), history.Manifest.Count);
            Assert.Equal(end.Deleted, history.Manifest.Values.OfType<ConversationDeleted>().Count());
            Assert.Equal(end.Failed, history.Manifest.Values.OfType<Failed>().Count());
            Assert.Equal(
                history
                    .Manifest.Values.OfType<ConversationSkipped>()
                    .GroupBy(e => e.Reason)
                    .ToDictionary(g => g.Key, g => (long)g.Count())
                    .OrderBy(c => c.Key),
                end.Skipped.OrderBy(c => c.Key)
            );
            Assert.Equal(
                history.Manifest.Values.OfType<ConversationDeleted>().Aggregate(ItemCounts.None, (sum, e) => sum + e.Items), end.Items);
        });

    [Fact]
    public void A_job_is_completed_exactly_if_its_list_was_resolved_and_nothing_failed() => JobHistory.HoldsForAll(history =>
    {
        history.Finish();
        var end = (Completed)history.Events[^1];
        if (end.Outcome != JobOutcome.Cancelled)
            Assert.Equal(history.Events.OfType<Started>().Any() && end.Failed == 0 ? JobOutcome.Completed : JobOutcome.Failed, end.Outcome);
        Assert.InRange(history.Events.OfType<Scheduled>().Max(e => e.Attempt), 1, Limits.Attempts);
    });

    /// <summary>Ordinals that have an outcome. A cancelled job, and no other, says from where on nothing was touched.</summary>
    private static long Reached(Completed end)
    {
        Assert.Equal(end.Outcome == JobOutcome.Cancelled, end.UntouchedFrom is not null);
        return end.UntouchedFrom ?? end.Conversations;
    }

    [Fact]
    public void Status_list_entry_and_job_agree_after_every_history() =>
        JobHistory.HoldsForAll(history =>
        {
            var (job, status, result) = (history.Job!, history.Status!, history.Status!.Result);
            Assert.Equal(
                (job.Conversations, job.DeletedCount, job.FailedCount),
                (result.TotalConversations, result.DeletedCount, result.FailedCount));
            Assert.Equal(job.SkippedCounts.OrderBy(c => c.Key), result.Skipped.OrderBy(c => c.Key));
            Assert.Equal(job.SkippedCounts.Values.Sum(), result.SkippedCount);
            Assert.Equal(result.DeletedCount + result.FailedCount + result.SkippedCount, result.ProcessedCount);
            Assert.Equal((job.RetriesRemaining, job.Items), (result.RetriesRemaining, result.DeletedItems));
            Assert.Equal((job.PlannedAt, job.IsEnded, job.IsStarted), (status.ScheduledAt, status.Ended, status.StartedAt is not null));
            Assert.Equal(status.Status, history.Job!.Status);
            Assert.Equal(job.IsEnded, status.Phase == Phase.Done);
            Assert.False(status.Status == ReportedStatus.Completed && result.FailedCount > 0);
            Assert.Equal(history.Manifest.Values.OfType<Failed>().Count(), result.FailedCount);
        });

    [Fact]
    public void Folding_step_by_step_through_JSON_is_folding_at_once() =>
        JobHistory.HoldsForAll(history => Assert.Equal(history.FoldedAtOnce(), history.FoldedStepwise()));

    [Fact]
    public void The_generated_histories_reach_what_they_are_meant_to_reach()
    {
        var reached = new HashSet<string>();
        JobHistory.HoldsForAll(history =>
        {
            history.Finish();
            reached.UnionWith(history.Events.Select(e => e switch
            {
                Scheduled s => $"scheduled {s.Reason} {s.Attempt}",
                Completed c => $"completed {c.Outcome} {c.Conversations > 0}",
                Failed f => $"failed {(f.Ordinal is null ? "attempt" : "conversation")} {f.RetriesRemaining}",
                _ => e.GetType().Name,
            }));
        });
        Assert.Superset(
            new HashSet<string>
            {
                "scheduled WindowClosed 1",
                "scheduled WindowClosed 2",
                "scheduled Retry 2",
                "scheduled Retry 4",
                "completed Completed True",
                "completed Completed False",
                "completed Failed True",
                "completed Failed False",
                "completed Cancelled True",
                "completed Cancelled False",
                "failed attempt 0",
                "failed conversation 0",
                "ConversationSkipped",
                "ConversationDeleted",
            },
            reached);
    }
}
