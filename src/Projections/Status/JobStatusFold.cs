using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Projections.ChangeLog;

namespace Ledger.Projections.Status;

/// <summary>The status document as a function of the events, and of nothing else.</summary>
public static class JobStatusFold
{
    /// <summary>The document after one more event.</summary>
    /// <param name="status">The document so far; null before <see cref="Submitted"/>.</param>
    /// <param name="jobId">The stream's job.</param>
    /// <param name="event">The event.</param>
    /// <param name="at">The instant that it was recorded with.</param>
    public static JobStatus Apply(JobStatus? status, JobId jobId, JobEvent @event, DateTimeOffset at)
    {
        if (@event is Submitted submitted)
            return status is null ? New(jobId, submitted, at) : throw Misplaced(@event);
        if (status is null || status.Ended)
            throw Misplaced(@event);
        return @event switch
        {
            // The document is every reader's. The case is shown to the client that sent it, beside the document.
            CaseRecorded or DeadlineExtended => status,
            Scheduled scheduled => Plan(status, scheduled),
            Started started => status with
            {
                StartedAt = at,
                Phase = Phase.Running,
                Result = status.Result with { TotalConversations = started.Conversations },
            },
            ConversationDeleted deleted => Count(status, new BatchOutcomes(1, 0, NoneSkipped, deleted.Items)),
            ConversationSkipped skipped => Count(status, new BatchOutcomes(0, 0, Plus(NoneSkipped, skipped.Reason, 1), ItemCounts.None)),
            Failed { Ordinal: not null } => Count(status, OneFailed),
            Failed => status,
            Completed completed => status with { CompletedAt = at, Phase = Phase.Done, Status = Reported(completed.Outcome) },
            _ => throw Misplaced(@event),
        };
    }

    /// <summary>The document after the outcomes of one batch: the same as after each of them.</summary>
    public static JobStatus Apply(JobStatus? status, BatchOutcomes outcomes) => status is { Ended: false }
        ? Count(status, outcomes)
        : throw new InvalidOperationException("outcomes cannot come here in a job's stream");

    private static JobStatus New(JobId jobId, Submitted submitted, DateTimeOffset at) => new()
    {
        JobId = jobId,
        Status = ReportedStatus.Queued,
        Phase = Phase.Waiting,
        RequestType = submitted.RequestType,
        SubmittedAt = at,
        Result = new JobResult { RetriesRemaining = Limits.Attempts - 1, DeletedItems = ItemCounts.None, Skipped = NoneSkipped },
    };

    private static JobStatus Plan(JobStatus status, Scheduled scheduled) => status with
    {
        ScheduledAt = scheduled.PlannedAt,
        Phase = scheduled.Reason switch
        {
            ScheduleReason.OffPeak => Phase.Waiting,
            ScheduleReason.Retry => Phase.Retrying,
            // A job that had not begun when its window closed is still waiting.
            ScheduleReason.WindowClosed => status.StartedAt is null ? status.Phase : Phase.Paused,
            // One that had begun is only planned anew once its opening is over.
            ScheduleReason.WindowChanged => status.Phase == Phase.Running ? Phase.Paused : status.Phase,
            _ => throw Misplaced(scheduled),
        },
        Result = status.Result with { RetriesRemaining = Limits.Attempts - scheduled.Attempt },
    };

    private static JobStatus Count(JobStatus status, BatchOutcomes outcomes)
    {
        var result = status.Result;
        // Every ordinal has one outcome at a time: when all have one, a further one is a retry's, and replaces a failure.
        var replaced = Math.Max(0, result.ProcessedCount + outcomes.Count() - result.TotalConversations);
        result = result with
        {
            DeletedCount = result.DeletedCount + outcomes.Deleted,
            FailedCount = result.FailedCount - replaced + outcomes.Failed,
            SkippedCount = result.SkippedCount + outcomes.Skipped.Values.Sum(),
            DeletedItems = result.DeletedItems + outcomes.Items,
            Skipped = outcomes.Skipped.Aggregate(result.Skipped, (counts, one) => Plus(counts, one.Key, one.Value)),
        };
        return status with
        {
            Phase = Phase.Running,
            Result = result with { ProcessedCount = result.DeletedCount + result.FailedCount + result.SkippedCount },
        };
    }

    private static readonly IReadOnlyDictionary<SkipReason, long> NoneSkipped = new Dictionary<SkipReason, long>();
    private static readonly BatchOutcomes OneFailed = new(0, 1, NoneSkipped, ItemCounts.None);

    private static IReadOnlyDictionary<SkipReason, long> Plus(
        IReadOnlyDictionary<SkipReason, long> counts, SkipReason reason,
        long count) => new Dictionary<SkipReason, long>(counts) { [reason] = counts.GetValueOrDefault(reason) + count };

    internal static ReportedStatus Reported(JobOutcome outcome) => outcome switch
    {
        JobOutcome.Completed => ReportedStatus.Completed,
        JobOutcome.Failed => ReportedStatus.Failed,
        JobOutcome.Cancelled => ReportedStatus.Cancelled,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private static InvalidOperationException Misplaced(JobEvent @event) =>
        new($"{@event.GetType().Name} cannot come here in a job's stream");
}
