using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Certificates;

/// <summary>
/// A job's history as its rows go by: held to the rule book, and counted for the certificate. Its size depends on the job's plans, and not
/// on its conversations.
/// </summary>
internal sealed class RecordedHistory(JobId job)
{
    private readonly List<RecordedPlan> _plans = [];

    public JobHistoryCheck Rules { get; } =
        new(job, broken => throw new ContradictoryRecordException(broken.Sentence), isOwnRecord: true);

    /// <summary>In order.</summary>
    public IReadOnlyList<RecordedPlan> Plans => _plans;

    /// <summary>Takes the next row of the job's stream.</summary>
    /// <exception cref="ContradictoryRecordException">It holds no event that this version knows, or one that breaks a rule.</exception>
    public void Add(long version, string type, DateTimeOffset at, ReadOnlySpan<byte> data)
    {
        var @event = Read(version, type, data);
        Rules.Add(version, at, @event);
        if (@event is Scheduled plan)
            _plans.Add(new RecordedPlan(plan));
        else if (_plans.Count > 0)
            _plans[^1].Add(@event, at);
    }

    /// <summary>Behind the last event.</summary>
    /// <exception cref="ContradictoryRecordException">The whole breaks a rule.</exception>
    public void End()
    {
        Rules.End();
        Rules.ExpectWholeManifest();
    }

    /// <summary>
    /// Failures that nothing came after: those of the last attempt that had any. None if a retry mended them all.
    /// </summary>
    public IReadOnlyDictionary<FailureReason, long> Failed()
    {
        var failing = _plans.Where(plan => plan.Failed.Count > 0).ToList();
        var last = Rules.Attempts.Failed == 0 ? [] : failing.Where(plan => plan.Plan.Attempt == failing[^1].Plan.Attempt);
        return new SortedDictionary<FailureReason, long>(
            last.SelectMany(plan => plan.Failed)
                .GroupBy(count => count.Key)
                .ToDictionary(counts => counts.Key, counts => counts.Sum(count => count.Value)));
    }

    /// <summary>Attempts that failed as a whole, by reason.</summary>
    public IReadOnlyDictionary<FailureReason, long> FailedAttempts() => new SortedDictionary<FailureReason, long>(
        _plans.Select(plan => plan.AttemptFailed).OfType<FailureReason>().GroupBy(reason => reason).ToDictionary(
            reasons => reasons.Key, reasons => reasons.LongCount()));

    private static JobEvent Read(long version, string type, ReadOnlySpan<byte> data)
    {
        try
        {
            var read = JobEventReader.ReadRow(type, data);
            return read.Event ?? throw new ContradictoryRecordException(
                $"event {version} has what this version of the ledger does not know: {string.Join(", ", read.Unknown)}");
        }
        catch (FormatException e)
        {
            throw new ContradictoryRecordException($"event {version} is not as a ledger writes it: {e.Message}");
        }
    }
}
