using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Identifiers;
using Ledger.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Audit;

/// <summary>A rule of jobs that an event breaks.</summary>
internal sealed record JobRule(string Expected, string Found);

/// <summary>What a job's events fold to, and whether they keep the rules of jobs. Its size does not depend on the job's.</summary>
internal sealed class JobFold
{
    /// <summary>Stands for failures of every reason: the lowest code that there is none of.</summary>
    private const byte AnyFailure = 0x20;

    private readonly MerkleRoot _commitments = new();
    private Started? _started;
    private Scheduled? _plan;
    private long _lastOrdinal = -1;

    /// <summary>The status document of the events so far.</summary>
    public JobStatus? Status { get; private set; }

    public Job? State { get; private set; }

    /// <summary>The root of the list that the job committed to; null: it has not started.</summary>
    public byte[]? ManifestRoot => _started?.ManifestRoot;

    /// <summary>Takes the next event.</summary>
    /// <param name="status">The status document with this event.</param>
    /// <returns>The rule that it breaks; null: none.</returns>
    /// <exception cref="InvalidOperationException">It cannot come here at all.</exception>
    public JobRule? Apply(JobEvent @event, DateTimeOffset at, JobStatus status)
    {
        var isFirstPass = State is { IsFirstPass: true };
        Status = status;
        State = Job.Apply(State, @event);
        return @event switch
        {
            Scheduled e => Plan(e),
            Started e => Start(e),
            ConversationDeleted e => Outcome(e.Ordinal, e.Commitment, e.Attempt, isFirstPass, at),
            ConversationSkipped e => Outcome(e.Ordinal, e.Commitment, _plan!.Attempt, isFirstPass, at),
            Failed { Ordinal: { } ordinal, Commitment: { } commitment } e => Outcome(ordinal, commitment, e.Attempt, isFirstPass, at),
            Completed e => End(e),
            _ => null,
        };
    }

    /// <summary>After the last event: the list must be the one that the job committed to, once every ordinal has had an outcome.</summary>
    public JobRule? Unfinished() => _started is { } started && _commitments.Size == started.Conversations && !_commitments.Root().AsSpan().SequenceEqual(started.ManifestRoot)
        ? new JobRule($"outcomes for the list with the root {Convert.ToBase64String(started.ManifestRoot)}, as the job started", $"outcomes for a list with the root {Convert.ToBase64String(_commitments.Root())}")
        : null;

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

    private JobRule? Plan(Scheduled plan)
    {
        var expected = _plan is null ? 1 : plan.Reason == ScheduleReason.Retry ? _plan.Attempt + 1 : _plan.Attempt;
        // A retry goes through the list again.
        (_plan, _lastOrdinal) = (plan, plan.Reason == ScheduleReason.Retry ? -1 : _lastOrdinal);
        return plan.Attempt == expected ? null : new JobRule($"a plan for attempt {expected}", $"one for attempt {plan.Attempt}");
    }

    private JobRule? Start(Started started)
    {
        var again = _started is not null;
        _started = started;
        return again ? new JobRule("one start", "another") : null;
    }

    private JobRule? Outcome(long ordinal, byte[] commitment, int attempt, bool isFirstPass, DateTimeOffset at)
    {
        var (started, plan, previous) = (_started, _plan!, _lastOrdinal);
        _lastOrdinal = ordinal;
        if (started is null)
            return new JobRule("an outcome after the start", $"one of ordinal {ordinal} before it");
        if (isFirstPass ? ordinal != previous + 1 : ordinal <= previous || ordinal >= started.Conversations)
            return new JobRule(isFirstPass ? $"the outcome of ordinal {previous + 1}" : $"a later outcome than that of ordinal {previous}", $"that of ordinal {ordinal}");
        if (isFirstPass)
            _commitments.AddLeaf(MerkleTree.LeafHash(commitment));
        if (attempt != plan.Attempt)
            return new JobRule($"an outcome of attempt {plan.Attempt}", $"one of attempt {attempt}");
        return at >= plan.Window.Opens && at < plan.Window.Closes ? null : new JobRule(
            $"an outcome inside the opening from {Contracts.Instant.Text(plan.Window.Opens)} to {Contracts.Instant.Text(plan.Window.Closes)}", $"one at {Contracts.Instant.Text(at)}");
    }

    /// <summary>The counts that the last event states are those of the outcomes.</summary>
    private JobRule? End(Completed end)
    {
        var result = Status!.Result;
        var expected = Text(result.TotalConversations, result.DeletedCount, result.FailedCount, result.Skipped, result.DeletedItems);
        var found = Text(end.Conversations, end.Deleted, end.Failed, end.Skipped, end.Items);
        return expected == found ? null : new JobRule(expected, found);
    }

    private static string Text(long conversations, long deleted, long failed, IReadOnlyDictionary<SkipReason, long> skipped, ItemCounts items) =>
        $"{conversations} conversations: {deleted} deleted, {failed} failed{string.Concat(skipped.OrderBy(one => one.Key).Select(one => $", {one.Value} skipped ({one.Key})"))}; {items}";
}
