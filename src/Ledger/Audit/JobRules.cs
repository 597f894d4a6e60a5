using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Keys;
using Ledger.Projections.Status;

namespace Ledger.Audit;

/// <summary>A rule of jobs that an event breaks.</summary>
/// <param name="Expected">The state that the rule requires.</param>
/// <param name="Found">The state that was found.</param>
/// <param name="IsUnreadable">True if the event is not even one that its type can be.</param>
internal sealed record JobRule(string Expected, string Found, bool IsUnreadable = false);

/// <summary>
/// Checks a job's events against the rule book. For each event it names the first rule that the event breaks. Its size does not depend on
/// that of the job.
/// </summary>
internal sealed class JobRules
{
    /// <summary>Stands for failures of every reason: the lowest code that there is none of.</summary>
    private const byte AnyFailure = 0x20;

    private readonly JobHistoryCheck _history;
    private BrokenRule? _broken;

    public JobRules(JobId job) => _history = new JobHistoryCheck(job, broken => _broken ??= broken, isOwnRecord: true);

    /// <summary>The root of the list that the job committed to; null: it has not started.</summary>
    public byte[]? ManifestRoot => _history.Started?.ManifestRoot;

    /// <summary>Holds the next event of the job's stream to the rules.</summary>
    /// <returns>The rule that it breaks; null: none.</returns>
    public JobRule? Check(string type, DateTimeOffset at, ReadOnlyMemory<byte> data)
    {
        try
        {
            var read = JobEventReader.ReadRow(type, data.Span);
            if (read.Event is null)
                return new JobRule("values of the ledger's closed lists", string.Join(", ", read.Unknown), IsUnreadable: true);
            _history.Add(_history.Version + 1, at, read.Event); // a gap of versions is told of the stream
            if (read.Event is Completed)
                _history.End();
            return TakeBroken();
        }
        catch (FormatException e)
        {
            return new JobRule("an event as the ledger writes it", e.Message, IsUnreadable: true);
        }
    }

    /// <summary>After the last event: the list must be the one that the job committed to, once every ordinal has had an outcome.</summary>
    public JobRule? Unfinished()
    {
        _history.ExpectWholeManifest();
        return TakeBroken();
    }

    /// <summary>The rule that the manifest's rest breaks, which a cancellation left. Null if it gives the list's root.</summary>
    public JobRule? Check(IReadOnlyList<byte[]> manifestRest)
    {
        _history.ExpectManifest(manifestRest);
        return TakeBroken();
    }

    /// <summary>Outcomes by the codes of the manifest, failures as one.</summary>
    public static IReadOnlyDictionary<byte, long> OutcomeCodes(JobResult result)
    {
        var codes = new SortedDictionary<byte, long>
        {
            [OutcomeCode.Pending] = result.TotalConversations - result.ProcessedCount,
            [OutcomeCode.Deleted] = result.DeletedCount,
            [AnyFailure] = result.FailedCount,
        };
        foreach (var (reason, count) in result.Skipped)
            codes[OutcomeCode.Skipped(reason)] = count;
        return codes;
    }

    private JobRule? TakeBroken()
    {
        var broken = _broken;
        _broken = null;
        return broken is null ? null : new JobRule(
            broken.Expected ?? "an event that can follow the ones before it", broken.Found ?? broken.Sentence);
    }
}
