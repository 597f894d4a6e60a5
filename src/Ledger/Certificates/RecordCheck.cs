using Ledger.Contracts.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Certificates;

/// <summary>
/// What must agree before a job's record is certified. It does not replace the proof, whose reader trusts nobody: it keeps this service
/// from signing off what it can see to be wrong.
/// </summary>
internal static class RecordCheck
{
    /// <exception cref="ContradictoryRecordException">Something does not.</exception>
    public static void Check(JobRecord record)
    {
        var (end, endedAt) = record.Ended;
        Require(record.Events.Count + record.Outcomes.Sum(count => count.Count) == record.Version, "events are missing");
        Require(record.Runs.Events == record.Version && record.Runs.End <= record.Job.Checkpoint.Size, "not every event has its leaf");
        Require(record.Deletions.All(count => count.Confirmed == count.Count), "a deletion was not confirmed");
        CheckCounts(record, end);
        CheckStatus(record.Status, end, record.Submitted.At, record.Started?.At, endedAt);
        CheckWindows(record);
    }

    private static void CheckCounts(JobRecord record, Completed end)
    {
        Require(record.Deletions.Sum(count => count.Count) == end.Deleted, "the erased conversations are not as many as its end says");
        Require(
            record.Deletions.Aggregate(ItemCounts.None, (sum, count) => sum + count.Items) == end.Items,
            "the erased items are not as many as its end says");
        Require(Same(record.Skipped(), end.Skipped), "the skipped conversations are not as many as its end says");
        Require(record.Failed().Values.Sum() == end.Failed, "the failed conversations are not as many as its end says");
        Require(
            end.Deleted + end.Failed + end.Skipped.Values.Sum() == (end.UntouchedFrom ?? end.Conversations),
            "its counts do not add up to its list");
        Require((record.Started?.Start.Conversations ?? 0) == end.Conversations, "its list is not as long as its end says");
        Require(end.Outcome switch
        {
            JobOutcome.Completed => end is { Failed: 0, UntouchedFrom: null } && record.Started is not null,
            JobOutcome.Failed => end.UntouchedFrom is null && (end.Failed > 0 || record.Started is null),
            JobOutcome.Cancelled => true,
            _ => false,
        }, "its end is not what its counts say");
    }

    private static void CheckStatus(
        JobStatus status, Completed end, DateTimeOffset submittedAt, DateTimeOffset? startedAt, DateTimeOffset endedAt)
    {
        var result = status.Result;
        Require(
            (status.SubmittedAt, status.StartedAt, status.CompletedAt) == (submittedAt, startedAt, endedAt)
                && status.Status.ToString() == end.Outcome.ToString()
                && (result.TotalConversations, result.DeletedCount, result.FailedCount, result.DeletedItems)
                    == (end.Conversations, end.Deleted, end.Failed, end.Items)
                && result.SkippedCount == end.Skipped.Values.Sum()
                && Same(result.Skipped, end.Skipped),
            "the status document says something else than the events"
        );
    }

    private static void CheckWindows(JobRecord record)
    {
        var plans = record.Events.Select(e => e.Event).OfType<Scheduled>().ToList();
        foreach (var count in record.Deletions)
        {
            Require(count.Plan >= 1 && count.Plan <= plans.Count, "something was deleted without a plan");
            var window = plans[count.Plan - 1].Window;
            Require(count.FirstAt >= window.Opens && count.LastAt < window.Closes, "something was deleted outside its window");
        }
    }

    private static bool Same(IReadOnlyDictionary<SkipReason, long> a, IReadOnlyDictionary<SkipReason, long> b) =>
        a.Count == b.Count && a.All(count => b.TryGetValue(count.Key, out var other) && other == count.Value);

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new ContradictoryRecordException(otherwise);
    }
}
