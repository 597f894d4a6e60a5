using Ledger.Contracts.Jobs;
using Ledger.EventStore;
using Ledger.Projections.Status;
using Ledger.Proofs;

namespace Ledger.Certificates;

/// <summary>What a certificate is made from: all events of a job that has ended, its outcomes counted and not read one by one.</summary>
/// <param name="Version">Of the job's last event.</param>
/// <param name="Events">All but the outcomes of conversations, in order.</param>
/// <param name="Outcomes">Those, counted.</param>
/// <param name="Status">The stored status document.</param>
/// <param name="Runs">The job's leaves.</param>
/// <param name="SignedAt">When <see cref="ProvableJob.Checkpoint"/> was signed.</param>
internal sealed record JobRecord(
    ProvableJob Job, long Version, IReadOnlyList<RecordedEvent> Events, IReadOnlyList<OutcomeCount> Outcomes, JobStatus Status,
    JobLeaves Runs, DateTimeOffset SignedAt)
{
    public (Submitted Request, DateTimeOffset At) Submitted { get; } = ((Submitted)Events[0].Event, Events[0].At);
    public (Completed End, DateTimeOffset At) Ended { get; } = ((Completed)Events[^1].Event, Events[^1].At);
    public (Started Start, DateTimeOffset At)? Started { get; } =
        Events.Where(e => e.Event is Started).Select(e => ((Started, DateTimeOffset)?)((Started)e.Event, e.At)).FirstOrDefault();
    public IReadOnlyList<OutcomeCount> Deletions { get; } = [.. Outcomes.Where(count => count.Kind == OutcomeKind.Deleted)];

    /// <summary>Failures that nothing came after: those of the last attempt that had any, unless a retry mended them all.</summary>
    public IReadOnlyDictionary<FailureReason, long> Failed()
    {
        var failures = Outcomes.Where(count => count.Kind == OutcomeKind.Failed).ToList();
        var last = Ended.End.Failed == 0 ? 0 : failures.Select(count => count.Attempt).DefaultIfEmpty().Max();
        return Sum(failures.Where(count => count.Attempt == last), count => count.Failure!.Value);
    }

    public IReadOnlyDictionary<SkipReason, long> Skipped() =>
        Sum(Outcomes.Where(count => count.Kind == OutcomeKind.Skipped), count => count.Skip!.Value);

    private static SortedDictionary<T, long> Sum<T>(IEnumerable<OutcomeCount> counts, Func<OutcomeCount, T> reason)
        where T : struct, Enum => new(counts.GroupBy(reason).ToDictionary(group => group.Key, group => group.Sum(count => count.Count)));
}

internal enum OutcomeKind
{
    Deleted,
    Skipped,
    Failed,
}

/// <summary>Outcomes of one kind that were recorded under one plan.</summary>
/// <param name="Plan">The how-manieth of the job's plans was in force, from 1.</param>
/// <param name="Attempt">The plan's.</param>
/// <param name="Count">Outcomes.</param>
/// <param name="Confirmed">Of these, deletions after which the store was read again.</param>
internal sealed record OutcomeCount(
    int Plan, OutcomeKind Kind, int Attempt, SkipReason? Skip, FailureReason? Failure, long Count, long Confirmed, DateTimeOffset FirstAt,
    DateTimeOffset LastAt, ItemCounts Items);

/// <summary>A job's leaves.</summary>
/// <param name="Events">Leaves of the job.</param>
/// <param name="Runs">Of adjacent leaves.</param>
/// <param name="Ranges">The first <see cref="CertifiedLeaves.MaxRanges"/> runs.</param>
internal sealed record JobLeaves(long First, long End, long Events, long Runs, IReadOnlyList<CertifiedRange> Ranges);
