using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// The rule book for a job's history: docs/formats.md, "What a checker checks". A verifier, an audit and a certificate hold a job's events
/// to it as they go by. Keeps counts and roots, never a set of conversations.
/// </summary>
/// <remarks>
/// The check goes on behind a broken rule, if the sink returns. An event that has no place where it stands is left out, and counted
/// nowhere. One that is in its place is taken and counted, even if something in it is wrong.
/// </remarks>
/// <param name="broken">Is told of each broken rule. One event can break several.</param>
/// <param name="isOwnRecord">
/// True if the events are the ledger's own record. Then skipped and failed outcomes too must lie inside the opening, as the ledger
/// records them. A proof's rules ask this only of deletions. Those rules are a public format, and others check by them too.
/// </param>
internal sealed class JobHistoryCheck(JobId job, Action<BrokenRule> broken, bool isOwnRecord = false)
{
    /// <summary>Openings that are named at most.</summary>
    private const int MaxNamed = 100;

    private readonly Dictionary<SkipReason, long> _skipped = [];
    private readonly List<OpeningFact> _openings = [];
    private readonly RequestCheck _request = new(broken);
    private Scheduled? _plan;
    private bool _isAttemptFailed;

    public JobId Job { get; } = job;
    public AttemptCheck Attempts { get; } = new(broken);
    public CaseCheck Case { get; } = new(broken);
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

    /// <param name="version">Of the event.</param>
    /// <param name="at">When it was recorded, in whole milliseconds.</param>
    /// <param name="event">The event, or null if it is not known. Then only its place in the stream is checked.</param>
    public void Add(long version, DateTimeOffset at, JobEvent? @event)
    {
        if (version != Version + 1)
            Break($"event {Version + 1} of the job is missing: {version} comes in its place");
        Version = version;
        if (Completed is not null)
        {
            Break("an event follows the job's end");
            return;
        }
        var isSubmission = @event is Submitted;
        if (isSubmission != (Version == 1))
            Break("a job's first event, and no other, is its submission");
        if (@event is not null && (!isSubmission || Version == 1))
            Apply(@event, at);
    }

    /// <summary>Checks, after the last event, that the job has ended and that its counts are those of its outcomes.</summary>
    public void End()
    {
        if (Completed is not { } end)
        {
            Break("the job's last event, which ends it, is missing");
            return;
        }
        var isEqual =
            end.Conversations == (Attempts.Conversations ?? 0)
            && end.Deleted == Deleted
            && end.Failed == Attempts.Failed
            && end.Items == Items
            && IsSkipped(end.Skipped);
        if (!isEqual)
            broken(new BrokenRule(
                "the counts of the job's last event are not the sums of its outcomes",
                Text(Attempts.Conversations ?? 0, Deleted, Attempts.Failed, _skipped, Items),
                Text(end.Conversations, end.Deleted, end.Failed, end.Skipped, end.Items)));
    }

    /// <summary>True if these are exactly the reasons that occurred, with their counts. A count of 0 is not the same as no count.</summary>
    private bool IsSkipped(IReadOnlyDictionary<SkipReason, long> counts) =>
        counts.Count == _skipped.Count && counts.All(count => _skipped.TryGetValue(count.Key, out var skipped) && skipped == count.Value);

    private static string Text(
        long conversations, long deleted, long failed, IReadOnlyDictionary<SkipReason, long> skipped, ItemCounts items) =>
        $"{conversations} conversations: {deleted} deleted, {failed} failed"
        + $"{string.Concat(skipped.OrderBy(one => one.Key).Select(one => $", {one.Value} skipped ({one.Key})"))}; {items}";

    private void Apply(JobEvent @event, DateTimeOffset at)
    {
        switch (@event)
        {
            case Submitted e:
                (Submitted, SubmittedAt) = (e, at);
                _request.Submit(e);
                break;
            case CaseRecorded e:
                Case.Record(e, Version);
                break;
            case DeadlineExtended e:
                Case.Extend(e, at);
                break;
            case Scheduled e:
                Plan(e);
                break;
            case Started e:
                Start(e, at);
                break;
            case ConversationDeleted e:
                Delete(e, at);
                break;
            case ConversationSkipped e:
                Skip(e, at);
                break;
            case Failed e:
                Fail(e, at);
                break;
            case Completed e:
                Finish(e);
                (Completed, CompletedAt) = (e, at);
                break;
            default:
                throw new InvalidOperationException($"{@event.GetType().Name} is not checked");
        }
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
        {
            Break("a plan that does not follow from what happened before it");
            return;
        }
        if (plan.PlannedAt < plan.Window.Opens || plan.PlannedAt >= plan.Window.Closes)
            Break("a plan for an instant outside of its window");
        if (plan.Reason == ScheduleReason.Retry && Started is not null)
            Attempts.Retry();
        (_plan, _isAttemptFailed) = (plan, false);
    }

    private void Start(Started started, DateTimeOffset at)
    {
        ExpectAttempt(started.Attempt);
        if (Started is not null)
        {
            Break("the list of conversations was resolved twice");
            return;
        }
        if (Submitted is not null)
            _request.Start(Submitted, started);
        (Started, StartedAt) = (started, at);
        Attempts.Begin(started.Conversations);
        if (started.Conversations == 0)
            ExpectWholeManifest();
    }

    /// <summary>As <see cref="ExpectManifest"/>, once every ordinal has an outcome. Before that, its rest is not known.</summary>
    public void ExpectWholeManifest()
    {
        if (!Attempts.IsFirstPass)
            ExpectManifest([]);
    }

    /// <summary>Checks that the outcomes are those of the list that the job committed to before it deleted anything.</summary>
    /// <param name="rest">Roots of the complete subtrees of ordinals without an outcome.</param>
    public void ExpectManifest(IReadOnlyList<byte[]> rest)
    {
        var nodes = NodeId.Covering(Attempts.Cursor, Attempts.Conversations ?? 0);
        if (rest.Count != nodes.Count)
            Break($"the rest of the manifest has {nodes.Count} hashes, and not {rest.Count}");
        if (Started is null || rest.Count != nodes.Count)
            return;
        for (var i = 0; i < rest.Count; i++)
            Attempts.Manifest.AddSubtree(rest[i], nodes[i].Leaves);
        var root = Attempts.Manifest.Root();
        if (!root.AsSpan().SequenceEqual(Started.ManifestRoot))
            broken(new BrokenRule(
                "the outcomes are not of the conversations that the job committed to when it started (manifest root)",
                $"outcomes for the list with the root {Convert.ToBase64String(Started.ManifestRoot)}, as the job started",
                $"outcomes for a list with the root {Convert.ToBase64String(root)}"));
    }

    private void Delete(ConversationDeleted deleted, DateTimeOffset at)
    {
        ExpectAttempt(deleted.Attempt);
        if (!Attempts.Add(deleted.Ordinal, deleted.Commitment, isFailed: false))
            return;
        if (!deleted.ConfirmedAbsent)
            Break($"the deletion of conversation {deleted.Ordinal} was not confirmed");
        ExpectInOpening(deleted.Ordinal, "was deleted", at);
        Deleted++;
        var items = Items + deleted.Items;
        if (
            items
            is
            {
                Messages: <= Jcs.MaxInteger,
                Transcripts: <= Jcs.MaxInteger,
                Recordings: <= Jcs.MaxInteger,
                Attachments: <= Jcs.MaxInteger,
                Logs: <= Jcs.MaxInteger
            }
        )
            Items = items;
        else
            Break("more items were counted than can be");
        FirstDeletedAt = FirstDeletedAt < at ? FirstDeletedAt : at;
        LastDeletedAt = LastDeletedAt > at ? LastDeletedAt : at;
        if (_plan?.Window is not { } window || _openings.Count == MaxNamed)
            return;
        var opening = new OpeningFact(window.Name, window.Cron, window.TimeZone, window.Opens, window.Closes);
        if (_openings.Count == 0 || _openings[^1] != opening)
            _openings.Add(opening);
    }

    private void Skip(ConversationSkipped skipped, DateTimeOffset at)
    {
        if (skipped.Reason == SkipReason.Retention && Started is { RetainedFrom: null })
            Break($"conversation {skipped.Ordinal} was skipped as out of retention, and the job knows no end of retention");
        if (!Attempts.Add(skipped.Ordinal, skipped.Commitment, isFailed: false))
            return;
        if (isOwnRecord && skipped.Reason != SkipReason.Cancelled)
            ExpectInOpening(skipped.Ordinal, "was skipped", at); // a job can be cancelled at any time
        _skipped[skipped.Reason] = _skipped.GetValueOrDefault(skipped.Reason) + 1;
    }

    private void Fail(Failed failed, DateTimeOffset at)
    {
        ExpectAttempt(failed.Attempt);
        var (attempt, retries) = (failed.Attempt, failed.RetriesRemaining);
        if (retries != Limits.Attempts - attempt)
            Break($"after attempt {attempt} {Limits.Attempts - attempt} retries remain, and not {retries}");
        if (failed.Ordinal is { } ordinal)
        {
            if (Attempts.Add(ordinal, failed.Commitment!, isFailed: true) && isOwnRecord)
                ExpectInOpening(ordinal, "failed", at);
        }
        else if (Started is not null)
            Break("an attempt failed as a whole although its list was resolved");
        else
            _isAttemptFailed = _plan is not null;
    }

    private void Finish(Completed end)
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
        if (!isRight)
            Break($"the job says that it ended as '{end.Outcome.ToString().ToLowerInvariant()}', which its outcomes contradict");
    }

    private void ExpectAttempt(int attempt)
    {
        if (_plan is null || attempt != Attempt || _isAttemptFailed)
            Break($"an event of attempt {attempt} where attempt {Attempt} was planned");
    }

    private void ExpectInOpening(long ordinal, string happened, DateTimeOffset at)
    {
        if (_plan?.Window is { } window && (at < window.Opens || at >= window.Closes))
            Break(
                $"conversation {ordinal} {happened} at {Instant.Text(at)}, outside of the window's opening {Instant.Text(window.Opens)} to "
                + Instant.Text(window.Closes));
    }

    private void Break(string sentence) => broken(new BrokenRule(sentence));
}
