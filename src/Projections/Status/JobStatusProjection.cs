using JasperFx.Events;
using Ledger.Contracts.Jobs;
using Marten.Events.Aggregation;

namespace Ledger.Projections.Status;

/// <summary>Writes <see cref="JobStatus"/> in the transaction of the events that it follows from.</summary>
public sealed class JobStatusProjection : SingleStreamProjection<JobStatus, JobId>
{
    public JobStatusProjection()
    {
        Name = "job_status";
        IncludeType<JobEvent>();
    }

    public override JobStatus Evolve(JobStatus? snapshot, JobId id, IEvent e) =>
        JobStatusFold.Apply(snapshot, id, (JobEvent)e.Data, e.Timestamp);
}
