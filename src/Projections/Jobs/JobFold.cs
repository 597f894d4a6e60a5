using Ledger.Contracts.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Projections.Jobs;

/// <summary>A job as a function of its events, and of nothing else.</summary>
public static class JobFold
{
    /// <summary>The job after one more event.</summary>
    /// <param name="job">Null before <see cref="Submitted"/>.</param>
    /// <param name="id">The stream's job.</param>
    /// <param name="event">The event.</param>
    /// <param name="version">The event's version.</param>
    /// <param name="at">The instant that it was recorded with.</param>
    /// <exception cref="InvalidOperationException">The event cannot come here.</exception>
    public static Job Apply(Job? job, JobId id, JobEvent @event, long version, DateTimeOffset at)
    {
        var next = job is null ? New(id, @event, at) : Next(job, @event);
        return next with
        {
            RecordedAt = at,
            StartedVersion = @event is Started ? version : next.StartedVersion,
            RetryDecidedAt = @event is Scheduled { Reason: ScheduleReason.Retry } ? at : next.RetryDecidedAt,
        };
    }

    /// <summary>The job after an event that is only being decided: it has no version and no instant yet.</summary>
    /// <exception cref="InvalidOperationException">The event cannot come here.</exception>
    public static Job Next(Job job, JobEvent @event) => @event switch
    {
        CaseRecorded e when job.Case is null =>
            job with { Case = new JobCase(e.Basis, e.ReceivedOn, e.DueOn, e.ReferenceCommitment is not null) },
        DeadlineExtended e when job.Case is { } told =>
            job with { Case = told with { DueOn = e.DueOn, Extended = told.Extended + 1, ExtendedFor = e.Reason } },
        Scheduled e => job with
        {
            Window = e.Window,
            PlannedAt = e.PlannedAt,
            // A retry begins again at the first ordinal, and owes an outcome to each that failed.
            Cursor = e.Attempt > job.Attempt ? 0 : job.Cursor,
            Owed = e.Attempt > job.Attempt ? job.FailedCount : job.Owed,
            Attempt = e.Attempt,
        },
        Started e => job with { IsStarted = true, Conversations = e.Conversations, Owed = e.Conversations },
        ConversationDeleted e => Reached(job, e.Ordinal) with { DeletedCount = job.DeletedCount + 1, Items = job.Items + e.Items },
        ConversationSkipped e => Reached(job, e.Ordinal) with
        {
            SkippedCounts = new Dictionary<SkipReason, long>(job.SkippedCounts)
            {
                [e.Reason] = job.SkippedCounts.GetValueOrDefault(e.Reason) + 1,
            },
        },
        Failed { Ordinal: { } ordinal } => PlusFailed(Reached(job, ordinal)),
        Failed => job,
        Completed e => job with { Status = JobStatusFold.Reported(e.Outcome) },
        _ => throw Misplaced(@event),
    };

    private static Job New(JobId id, JobEvent @event, DateTimeOffset at) => @event is Submitted e
        ? new Job
        {
            JobId = id,
            Bot = e.Bot,
            Client = e.Client,
            RequestType = e.RequestType,
            SubmittedAt = at,
            RecordedAt = at,
        }
        : throw Misplaced(@event);

    private static Job PlusFailed(Job job) => job with { FailedCount = job.FailedCount + 1 };

    /// <summary>An outcome moves the cursor. When all ordinals had one already, it replaces a failure.</summary>
    private static Job Reached(Job job, long ordinal) => job with
    {
        Cursor = ordinal + 1,
        Owed = job.Owed - 1,
        FailedCount = job.IsFirstPass ? job.FailedCount : job.FailedCount - 1,
    };

    private static InvalidOperationException Misplaced(JobEvent @event) =>
        new($"{@event.GetType().Name} cannot come here in a job's stream");
}
