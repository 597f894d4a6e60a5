using Ledger.Contracts.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Projections.ChangeLog;

/// <summary>A job's status document as a function of its change log's entries: with all of them, the document that is stored.</summary>
public static class JobChangeFold
{
    /// <summary>The document after one more entry of the job.</summary>
    /// <param name="status">The document so far; null before <c>submitted</c>.</param>
    /// <param name="entry">The job's next entry.</param>
    /// <exception cref="InvalidOperationException">It cannot come here, or lacks what its type has.</exception>
    public static JobStatus Apply(JobStatus? status, ChangeLogEntry entry)
    {
        if (!JobId.TryParse(entry.ResourceId, out var job))
            throw new InvalidOperationException("the entry is not a job's");
        if (entry.Detail is
            { Type: ChangeLogDetail.Outcomes, Deleted: { } deleted, Failed: { } failed, Skipped: { } skipped, Items: { } items })
            return JobStatusFold.Apply(status, new BatchOutcomes(deleted, failed, skipped, items));
        return JobStatusFold.Apply(status, job, Event(entry), entry.CreatedOn);
    }

    /// <summary>As much of the event as its status document depends on.</summary>
    private static JobEvent Event(ChangeLogEntry entry) =>
        entry.Detail switch
        {
            { Type: "submitted", RequestType: { } requestType } => new Submitted(entry.StreamId, requestType, [], entry.UserId.Id),
            // The document does not depend on them.
            { Type: "case_recorded" } => new CaseRecorded(),
            { Type: "deadline_extended", DueOn: { } dueOn } => new DeadlineExtended(dueOn, "", entry.UserId.Id),
            { Type: "scheduled", PlannedAt: { } at, Window: { } window, Reason: { } reason, Attempt: { } attempt } => new Scheduled(
                at, window, reason, attempt),
            { Type: "started", Attempt: { } attempt, Conversations: { } conversations } => new Started(attempt, conversations, []),
            { Type: "failed", Failure: { } failure, Attempt: { } attempt, RetriesRemaining: { } retries } => new Failed(
                failure, attempt, retries),
            {
                Type: "completed",
                Outcome: { } outcome,
                Conversations: { } conversations,
                Deleted: { } deleted,
                Failed: { } failed,
                Skipped: { } skipped,
                Items: { } items
            } => new Completed(outcome, conversations, deleted, failed, skipped, items),
            var detail => throw new InvalidOperationException(
                $"an entry of type {detail.Type} is not a job's, or lacks what such an entry has"),
        };
}
