using Ledger.Contracts.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Projections.JobList;

/// <summary>Which jobs a bot has, newest first, and which of them have ended: the table <c>job_list</c>.</summary>
/// <param name="Job">The job.</param>
/// <param name="Bot">The bot whose path shows it.</param>
/// <param name="Client">The client that submitted it.</param>
/// <param name="SubmittedAt">When.</param>
/// <param name="Status">As the status document says.</param>
public sealed record JobListEntry(JobId Job, string Bot, string Client, DateTimeOffset SubmittedAt, ReportedStatus Status)
{
    /// <summary>The entry after one more event.</summary>
    public static JobListEntry Apply(JobListEntry? entry, JobId job, JobEvent @event, DateTimeOffset at) => (entry, @event) switch
    {
        (null, Submitted submitted) => new JobListEntry(job, submitted.Bot, submitted.Client, at, ReportedStatus.Queued),
        (not null, Completed completed) => entry with { Status = JobStatusFold.Reported(completed.Outcome) },
        (not null, _) => entry,
        _ => throw new InvalidOperationException($"{@event.GetType().Name} cannot come first in a job's stream"),
    };

    /// <summary>The word that the table keeps, as the status document writes it.</summary>
    public static string StatusText(ReportedStatus status) => status.ToString().ToLowerInvariant();
}
