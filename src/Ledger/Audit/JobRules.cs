using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Keys;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Audit;

/// <summary>A rule of jobs that an event breaks.</summary>
/// <param name="Expected">What the rule wants.</param>
/// <param name="Found">What is there.</param>
/// <param name="IsUnreadable">The event is not even one that its type can be.</param>
internal sealed record JobRule(string Expected, string Found, bool IsUnreadable = false);

/// <summary>
/// What a job's events fold to, and whether they keep the rules of jobs: those of an erasure proof's verifier, and of outcomes the opening
/// too. Its size does not depend on the job's.
/// </summary>
internal sealed class JobRules(JobId job)
{
    /// <summary>Stands for failures of every reason: the lowest code that there is none of.</summary>
    private const byte AnyFailure = 0x20;

    private readonly JobHistoryCheck _rules = new(job);
    private Started? _started;
    private PlannedWindow? _window;

    /// <summary>The status document of the events so far.</summary>
    public JobStatus? Status { get; private set; }

    public Job? State { get; private set; }

    /// <summary>The root of the list that the job committed to; null: it has not started.</summary>
    public byte[]? ManifestRoot => _started?.ManifestRoot;

    /// <summary>Holds the next event of the job's stream to the rules.</summary>
    /// <returns>The rule that it breaks; null: none.</returns>
    public JobRule? Check(string type, DateTimeOffset at, ReadOnlyMemory<byte> data)
    {
        try
        {
            // A gap of versions is told of the stream: here it would make every later event one that breaks a rule.
            var leaf = new LeafEntry(job.ToString(), _rules.Version + 1, type, at, Jcs.Canonicalize(data.Span));
            var (@event, unknown) = JobEventReader.Read(leaf);
            if (@event is null)
                return new JobRule("values of the ledger's closed lists", string.Join(", ", unknown), IsUnreadable: true);
            _rules.Add(leaf, @event);
            return null;
        }
        catch (InvalidProofException e)
        {
            return new JobRule("an event that can follow the ones before it", e.Message);
        }
        catch (FormatException e)
        {
            return new JobRule("an event as the ledger writes it", e.Message, IsUnreadable: true);
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or ArgumentException)
        {
            // The check goes on after a rule was broken, where its own assumptions need not hold any more.
            return new JobRule("an event that can follow the ones before it", "one that cannot");
        }
    }

    /// <summary>Takes the next event.</summary>
    /// <param name="status">The status document with this event.</param>
    /// <param name="state">The job with this event.</param>
    /// <returns>The rule that it breaks; null: none.</returns>
    /// <exception cref="InvalidOperationException">It cannot come here at all.</exception>
    public JobRule? Apply(JobEvent @event, DateTimeOffset at, JobStatus status, Job state)
    {
        (State, Status) = (state, status);
        switch (@event)
        {
            case Scheduled e:
                _window = e.Window;
                return null;
            case Started e:
                _started ??= e;
                return null;
            case ConversationSkipped or Failed { Ordinal: not null }:
                return _window is null || (at >= _window.Opens && at < _window.Closes) ? null : new JobRule(
                    $"an outcome inside the opening from {Instant.Text(_window.Opens)} to {Instant.Text(_window.Closes)}",
                    $"one at {Instant.Text(at)}");
            case Completed e:
                return End(e);
            default:
                return null;
        }
    }

    /// <summary>After the last event: the list must be the one that the job committed to, once every ordinal has had an outcome.</summary>
    public JobRule? Unfinished()
    {
        if (_started is null || _rules.Attempts.Cursor != _rules.Attempts.Conversations)
            return null;
        var root = _rules.Attempts.Manifest.Root();
        return root.AsSpan().SequenceEqual(_started.ManifestRoot) ? null : new JobRule(
            $"outcomes for the list with the root {Convert.ToBase64String(_started.ManifestRoot)}, as the job started",
            $"outcomes for a list with the root {Convert.ToBase64String(root)}");
    }

    /// <summary>Outcomes by the codes of the manifest, failures as one; null: the job has not started.</summary>
    public IReadOnlyDictionary<byte, long>? OutcomeCodes()
    {
        if (_started is null || Status is not { Result: var result })
            return null;
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

    /// <summary>The counts that the last event states are those of the outcomes: exactly those, without a reason that has none.</summary>
    private JobRule? End(Completed end)
    {
        var result = Status!.Result;
        var expected = Text(result.TotalConversations, result.DeletedCount, result.FailedCount, result.Skipped, result.DeletedItems);
        var found = Text(end.Conversations, end.Deleted, end.Failed, end.Skipped, end.Items);
        return expected == found ? null : new JobRule(expected, found);
    }

    private static string Text(
        long conversations, long deleted, long failed, IReadOnlyDictionary<SkipReason, long> skipped, ItemCounts items) =>
        $"{conversations} conversations: {deleted} deleted, {failed} failed"
        + $"{string.Concat(skipped.OrderBy(one => one.Key).Select(one => $", {one.Value} skipped ({one.Key})"))}; {items}";
}
