using Ledger.Contracts;
using Ledger.Contracts.Jobs;

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
            Scheduled scheduled => Plan(status, scheduled),
            Started started => status with
            {
                StartedAt = at,
                Phase = Phase.Running,
                Result = status.Result with { TotalConversations = started.Conversations },
            },
            ConversationDeleted deleted => Count(status, result => result with
            {
                DeletedCount = result.DeletedCount + 1,
                DeletedItems = result.DeletedItems + deleted.Items,
            }),
            ConversationSkipped skipped => Count(status, result => result with
            {
                SkippedCount = result.SkippedCount + 1,
                Skipped = Plus(result.Skipped, skipped.Reason),
            }),
            Failed { Ordinal: not null } => Count(status, result => result with { FailedCount = result.FailedCount + 1 }),
            Failed => status,
            Completed completed => status with { CompletedAt = at, Phase = Phase.Done, Status = Reported(completed.Outcome) },
            _ => throw Misplaced(@event),
        };
    }

    private static JobStatus New(JobId jobId, Submitted submitted, DateTimeOffset at) => new()
    {
        JobId = jobId.ToString(),
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
            _ => throw Misplaced(scheduled),
        },
        Result = status.Result with { RetriesRemaining = Limits.Attempts - scheduled.Attempt },
    };

    private static JobStatus Count(JobStatus status, Func<JobResult, JobResult> outcome)
    {
        var result = status.Result;
        // Every ordinal has one outcome at a time: when all have one, this is a retry's, and replaces a failure.
        if (result.ProcessedCount == result.TotalConversations)
            result = result with { FailedCount = result.FailedCount - 1 };
        result = outcome(result);
        return status with
        {
            Phase = Phase.Running,
            Result = result with { ProcessedCount = result.DeletedCount + result.FailedCount + result.SkippedCount },
        };
    }

    private static readonly IReadOnlyDictionary<SkipReason, long> NoneSkipped = new Dictionary<SkipReason, long>();

    private static Dictionary<SkipReason, long> Plus(IReadOnlyDictionary<SkipReason, long> counts, SkipReason reason) =>
        new(counts) { [reason] = counts.GetValueOrDefault(reason) + 1 };

    internal static ReportedStatus Reported(JobOutcome outcome) => outcome switch
    {
        JobOutcome.Completed => ReportedStatus.Completed,
        JobOutcome.Failed => ReportedStatus.Failed,
        JobOutcome.Cancelled => ReportedStatus.Cancelled,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private static InvalidOperationException Misplaced(JobEvent @event) => new($"{@event.GetType().Name} cannot come here in a job's stream");
}
