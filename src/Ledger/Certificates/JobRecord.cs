using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Projections.Status;
using Ledger.Proofs;

namespace Ledger.Certificates;

/// <summary>The source of a certificate: the record of a job that has ended.</summary>
/// <param name="Version">The version of the job's stream.</param>
/// <param name="History">The job's events.</param>
/// <param name="Status">The stored status document.</param>
/// <param name="Runs">The job's leaves.</param>
/// <param name="SignedAt">The instant at which <see cref="ProvableJob.Checkpoint"/> was signed.</param>
internal sealed record JobRecord(
    ProvableJob Job, long Version, RecordedHistory History, JobStatus Status, JobLeaves Runs, DateTimeOffset SignedAt)
{
    /// <summary>The events as the rule book knows them.</summary>
    public JobHistoryCheck Rules => History.Rules;

    public Completed End => History.Rules.Completed!;
}

/// <summary>A job's leaves.</summary>
/// <param name="Events">Leaves of the job.</param>
/// <param name="Runs">The number of runs of adjacent leaves.</param>
/// <param name="Ranges">The first <see cref="CertifiedLeaves.MaxRanges"/> runs.</param>
internal sealed record JobLeaves(long First, long End, long Events, long Runs, IReadOnlyList<CertifiedRange> Ranges);
