using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// Checks that a job's events, as they go by, are a whole history of it by the ledger's rules: docs/formats.md, "Job proof". Keeps counts
/// and roots, never a set of conversations.
/// </summary>
internal sealed class JobHistoryCheck(JobId job)
{
    /// <summary>Openings that are named at most.</summary>
    private const int MaxNamed = 100;

    private readonly Dictionary<SkipReason, long> _skipped = [];
    private readonly List<OpeningFact> _openings = [];
    private Scheduled? _plan;
    private bool _isAttemptFailed;

    public JobId Job { get; } = job;
    public AttemptCheck Attempts { get; } = new();
    public long Version { get; private set; }
    public Submitted? Submitted { get; private set; }
    public Started? Started { get; private set; }
    public Completed? Completed { get; private set; }
    public DateTimeOffset SubmittedAt { get; private set; }
    public DateTimeOffset? StartedAt { get; private set; }
    public DateTimeOffset CompletedAt { get; private set; }
    public DateTimeOffset? FirstDeletedAt { get; private set; }
    public DateTimeOffset? LastDeletedAt { get; private set; }
    public long Deleted { get; private set; }
    public ItemCounts Items { get; private set; } = ItemCounts.None;
    public int Attempt => _plan?.Attempt ?? 0;
    public IReadOnlyDictionary<SkipReason, long> Skipped => _skipped;

    /// <summary>The openings in which something was deleted: the first <see cref="MaxNamed"/>.</summary>
    public IReadOnlyList<OpeningFact> Openings => _openings;

    /// <param name="event">The leaf's; null if it is not known: it then has its place in the stream, and no more is said of it.</param>
    /// <exception cref="InvalidProofException">It cannot come here.</exception>
    public void Add(LeafEntry leaf, JobEvent? @event)
    {
        if (leaf.Version != Version + 1)
            throw new InvalidProofException($"event {Version + 1} of the job is missing: {leaf.Version} comes in its place");
        if (Completed is not null)
            throw new InvalidProofException("an event follows the job's end");
        Version++;
        if (@event is Submitted != (Version == 1))
            throw new InvalidProofException("a job's first event, and no other, is its submission");
        if (@event is not null)
            Apply(@event, leaf.At);
    }

    /// <exception cref="InvalidProofException">The job did not end, or its counts are not those of its outcomes.</exception>
    public void End()
    {
        if (Completed is not { } end)
            throw new InvalidProofException("the job's last event, which ends it, is missing");
        var isEqual =
            end.Conversations == (Attempts.Conversations ?? 0)
            && end.Deleted == Deleted
            && end.Failed == Attempts.Failed
            && end.Items == Items
            && IsSkipped(end.Skipped);
        if (!isEqual)
            throw new InvalidProofException("the counts of the job's last event are not the sums of its outcomes");
    }

    /// <summary>Whether these are the reasons that occurred, no more and no fewer: a count of 0 stands in for none of them.</summary>
    private bool IsSkipped(IReadOnlyDictionary<SkipReason, long> counts) =>
        counts.Count == _skipped.Count && counts.All(count => _skipped.TryGetValue(count.Key, out var skipped) && skipped == count.Value);

    private void Apply(JobEvent @event, DateTimeOffset at)
    {
        switch (@event)
        {
            case Submitted e:
                (Submitted, SubmittedAt) = (Request(e), at);
                break;
            case Scheduled e:
                Plan(e);
                break;
            case Started e:
                Start(e);
                StartedAt = at;
                break;
            case ConversationDeleted e:
                Delete(e, at);
                break;
            case ConversationSkipped e:
                Skip(e);
                _skipped[e.Reason] = _skipped.GetValueOrDefault(e.Reason) + 1;
                break;
            case Failed e:
                Fail(e);
                break;
            case Completed e:
                (Completed, CompletedAt) = (Finish(e), at);
                break;
            default:
                throw new InvalidOperationException($"{@event.GetType().Name} is not checked");
        }
    }

    private static Submitted Request(Submitted request)
    {
        var isCId = request.RequestType == RequestType.CId;
        var distinct = request.Commitments.Select(Convert.ToBase64String).Distinct(StringComparer.Ordinal).Count();
        if (isCId ? request.To is null || request.From > request.To : request.From is not null || request.To is not null)
            throw new InvalidProofException("the request's range is none: one by cId has an end, and one by conversation ids has no range");
        return distinct == request.Commitments.Count && (isCId ? distinct == 1 : distinct is >= 1 and <= Limits.ConversationIdsPerRequest)
            ? request
            : throw new InvalidProofException(
                $"the request does not commit to one cId, or to 1 to {Limits.ConversationIdsPerRequest} different conversation ids");
    }

    private void Plan(Scheduled plan)
    {
        var isInPlace = plan.Reason switch
        {
            ScheduleReason.OffPeak => _plan is null && plan.Attempt == 1,
            ScheduleReason.WindowClosed or ScheduleReason.WindowChanged =>
                _plan is not null && plan.Attempt == Attempt && !_isAttemptFailed,
            ScheduleReason.Retry => _plan is not null && plan.Attempt == Attempt + 1 && plan.Attempt <= Limits.Attempts
                && (_isAttemptFailed || (Attempts.IsDone && Attempts.Failed > 0)),
            _ => false,
        };
        if (!isInPlace)
            throw new InvalidProofException("a plan that does not follow from what happened before it");
        if (plan.PlannedAt < plan.Window.Opens || plan.PlannedAt >= plan.Window.Closes)
            throw new InvalidProofException("a plan for an instant outside of its window");
        if (plan.Reason == ScheduleReason.Retry && Started is not null)
            Attempts.Retry();
        (_plan, _isAttemptFailed) = (plan, false);
    }

    private void Start(Started started)
    {
        InAttempt(started.Attempt);
        if (Started is not null)
            throw new InvalidProofException("the list of conversations was resolved twice");
        // A range that was asked for is the range that the list was resolved in; where no beginning was asked for, the default that was
        // applied is named.
        var isRange =
            Submitted!.RequestType == RequestType.CId
                ? started.From is not null && (Submitted.From is null || Submitted.From == started.From)
                : started.From is null;
        if (!isRange)
            throw new InvalidProofException("the list was resolved in another range than the one that was requested");
        if (Submitted.RequestType == RequestType.ConversationIds)
            ExpectRequested(started);
        Started = started;
        Attempts.Begin(started.Conversations);
        if (started.Conversations == 0)
            ExpectManifest([]);
    }

    /// <summary>What was asked for by id is the list: no more, no less, in the same order.</summary>
    private void ExpectRequested(Started started)
    {
        var root = new MerkleRoot();
        foreach (var commitment in Submitted!.Commitments)
            root.AddLeaf(MerkleTree.LeafHash(commitment));
        if (root.Size != started.Conversations || !root.Root().AsSpan().SequenceEqual(started.ManifestRoot))
            throw new InvalidProofException("the list of conversations is not the one that was requested");
    }

    /// <summary>That the outcomes are those of the list which the job committed to before it deleted anything.</summary>
    /// <param name="rest">Roots of the complete subtrees of ordinals without an outcome.</param>
    public void ExpectManifest(IReadOnlyList<byte[]> rest)
    {
        var nodes = NodeId.Covering(Attempts.Cursor, Attempts.Conversations ?? 0);
        if (rest.Count != nodes.Count)
            throw new InvalidProofException($"the rest of the manifest has {nodes.Count} hashes, and not {rest.Count}");
        if (Started is null)
            return;
        for (var i = 0; i < rest.Count; i++)
            Attempts.Manifest.AddSubtree(rest[i], nodes[i].Leaves);
        if (!Attempts.Manifest.Root().AsSpan().SequenceEqual(Started.ManifestRoot))
            throw new InvalidProofException(
                "the outcomes are not of the conversations that the job committed to when it started (manifest root)");
    }

    private void Delete(ConversationDeleted deleted, DateTimeOffset at)
    {
        InAttempt(deleted.Attempt);
        Attempts.Add(deleted.Ordinal, deleted.Commitment, isFailed: false);
        if (!deleted.ConfirmedAbsent)
            throw new InvalidProofException($"the deletion of conversation {deleted.Ordinal} was not confirmed");
        var window = _plan!.Window;
        if (at < window.Opens || at >= window.Closes)
            throw new InvalidProofException(
                $"conversation {deleted.Ordinal} was deleted at {Instant.Text(at)}, outside of the window's opening "
                + $"{Instant.Text(window.Opens)} to {Instant.Text(window.Closes)}"
            );
        Deleted++;
        Items += deleted.Items;
        if (
            Items
            is not
            {
                Messages: <= Jcs.MaxInteger,
                Transcripts: <= Jcs.MaxInteger,
                Recordings: <= Jcs.MaxInteger,
                Attachments: <= Jcs.MaxInteger,
                Logs: <= Jcs.MaxInteger
            }
        )
            throw new InvalidProofException("more items were counted than can be");
        FirstDeletedAt = FirstDeletedAt < at ? FirstDeletedAt : at;
        LastDeletedAt = LastDeletedAt > at ? LastDeletedAt : at;
        var opening = new OpeningFact(window.Name, window.Cron, window.TimeZone, window.Opens, window.Closes);
        if (_openings.Count < MaxNamed && (_openings.Count == 0 || _openings[^1] != opening))
            _openings.Add(opening);
    }

    private void Skip(ConversationSkipped skipped)
    {
        if (skipped.Reason == SkipReason.Retention && Started is { RetainedFrom: null })
            throw new InvalidProofException(
                $"conversation {skipped.Ordinal} was skipped as out of retention, and the job knows no end of retention");
        Attempts.Add(skipped.Ordinal, skipped.Commitment, isFailed: false);
    }

    private void Fail(Failed failed)
    {
        InAttempt(failed.Attempt);
        var (attempt, retries) = (failed.Attempt, failed.RetriesRemaining);
        if (retries != Limits.Attempts - attempt)
            throw new InvalidProofException($"after attempt {attempt} {Limits.Attempts - attempt} retries remain, and not {retries}");
        if (failed.Ordinal is { } ordinal)
            Attempts.Add(ordinal, failed.Commitment!, isFailed: true);
        else
            _isAttemptFailed = Started is null
                ? true
                : throw new InvalidProofException("an attempt failed as a whole although its list was resolved");
    }

    private Completed Finish(Completed end)
    {
        var hasNoList = Started is null;
        var isRight = end.Outcome switch
        {
            JobOutcome.Completed => Attempts.IsDone && Attempts.Failed == 0 && end.UntouchedFrom is null,
            JobOutcome.Failed => (hasNoList ? _isAttemptFailed : Attempts.IsDone && Attempts.Failed > 0) && end.UntouchedFrom is null,
            // A retry that was begun is settled before the end, so that it can be compared with what failed before.
            JobOutcome.Cancelled => end.UntouchedFrom == Attempts.Cursor
                && (hasNoList || Attempts.IsFirstPass || Attempts.IsDone || Attempts.IsUntouched),
            _ => false,
        };
        return isRight
            ? end
            : throw new InvalidProofException(
                $"the job says that it ended as '{end.Outcome.ToString().ToLowerInvariant()}', which its outcomes contradict");
    }

    private void InAttempt(int attempt)
    {
        if (_plan is null || attempt != Attempt || _isAttemptFailed)
            throw new InvalidProofException($"an event of attempt {attempt} where attempt {Attempt} was planned");
    }
}
