using System.Text.Json.Serialization;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Projections.Jobs;

/// <summary>
/// A deletion job as its decisions, its queue and its lists see it: <c>mt_doc_job</c>. It holds counts and a cursor, never a set of
/// conversations, so its size does not depend on the job's.
/// </summary>
public sealed record Job
{
    public required JobId JobId { get; init; }
    public required string Bot { get; init; }

    /// <summary>The client that submitted it.</summary>
    public required string Client { get; init; }
    public required RequestType RequestType { get; init; }
    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>The instant of its latest events. No two appends share one, and it only goes forward.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The case behind it. Null if it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JobCase? Case { get; init; }

    /// <summary>As the status document says.</summary>
    public ReportedStatus Status { get; init; } = ReportedStatus.Queued;
    public int Attempt { get; init; } = 1;

    /// <summary>The opening that the latest plan names.</summary>
    public PlannedWindow? Window { get; init; }

    /// <summary>When the latest plan says that it is due.</summary>
    public DateTimeOffset PlannedAt { get; init; }

    /// <summary>When its latest retry was decided, from where the retry's delay counts; null before.</summary>
    public DateTimeOffset? RetryDecidedAt { get; init; }

    public bool IsStarted { get; init; }

    /// <summary>The version of <see cref="Started"/>: nothing is deleted before a published checkpoint covers it. Null before.</summary>
    public long? StartedVersion { get; init; }

    /// <summary>Conversations identified.</summary>
    public long Conversations { get; init; }

    /// <summary>Ordinals below this have their outcome of this attempt.</summary>
    public long Cursor { get; init; }

    /// <summary>Outcomes that this attempt still owes.</summary>
    public long Owed { get; init; }

    public long DeletedCount { get; init; }
    public long FailedCount { get; init; }
    public IReadOnlyDictionary<SkipReason, long> SkippedCounts { get; init; } = new Dictionary<SkipReason, long>();
    public ItemCounts Items { get; init; } = ItemCounts.None;

    [JsonIgnore]
    public bool IsEnded => Status != ReportedStatus.Queued;

    /// <summary>The name of <see cref="Window"/>.</summary>
    [JsonIgnore]
    public string? WindowName => Window?.Name;

    /// <summary>When <see cref="Window"/> closes.</summary>
    [JsonIgnore]
    public DateTimeOffset? ClosesAt => Window?.Closes;

    [JsonIgnore]
    public int RetriesRemaining => Limits.Attempts - Attempt;

    /// <summary>Not every ordinal has an outcome yet.</summary>
    [JsonIgnore]
    public bool IsFirstPass => DeletedCount + FailedCount + SkippedCounts.Values.Sum() < Conversations;

    /// <summary>An outcome of this attempt is recorded, the attempt is a retry, and further outcomes are owed.</summary>
    [JsonIgnore]
    public bool IsRetryBegun => IsStarted && !IsFirstPass && Cursor > 0 && Owed > 0;

    /// <summary>
    /// Outcomes that a retry still owed were recorded as skipped because the job is cancelled. So nothing more is deleted, and the job ends
    /// as cancelled.
    /// </summary>
    [JsonIgnore]
    public bool IsBeingCancelled => SkippedCounts.ContainsKey(SkipReason.Cancelled);

    /// <summary>
    /// The instant to record its next events with: <paramref name="now"/>, or the next millisecond after its latest events, if that is
    /// later. So no two appends share an instant, the change log can tell batches apart, and a job's instants only go forward.
    /// </summary>
    public DateTimeOffset InstantAfter(DateTimeOffset now)
    {
        var (next, at) = (Instant.Truncate(RecordedAt).AddMilliseconds(1), Instant.Truncate(now));
        return at > next ? at : next;
    }

    /// <summary><see cref="Status"/> as the status document writes it.</summary>
    [JsonIgnore]
    public string StatusName => StatusText(Status);

    /// <summary>The word of a status, as the status document writes it.</summary>
    public static string StatusText(ReportedStatus status) => status.ToString().ToLowerInvariant();
}
