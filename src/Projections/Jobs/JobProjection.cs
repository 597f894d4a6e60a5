using JasperFx.Events;
using Ledger.Contracts.Jobs;
using Marten.Events.Aggregation;

namespace Ledger.Projections.Jobs;

/// <summary>Writes <see cref="Job"/> in the transaction of the events that it follows from.</summary>
public sealed class JobProjection : SingleStreamProjection<Job, JobId>
{
    public JobProjection()
    {
        Name = "job";
        IncludeType<JobEvent>();
    }

    public override Job Evolve(Job? snapshot, JobId id, IEvent e) => JobFold.Apply(snapshot, id, (JobEvent)e.Data, e.Version, e.Timestamp);
}
