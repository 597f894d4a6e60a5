using System.Text.Json.Serialization;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;

namespace Ledger.Jobs;

/// <summary>
/// A deletion job as its decisions see it: counts and a cursor, never a set of conversations, so its size does not depend on the job's. It is the fold of the
/// job's events; the queue keeps it, at the stream's version, as long as the job is unfinished.
/// </summary>
public sealed record Job
{
    public required string Bot { get; init; }
    public required RequestType RequestType { get; init; }
    public int Attempt { get; init; } = 1;

    /// <summary>The opening that the latest plan names.</summary>
    public PlannedWindow? Window { get; init; }

    /// <summary>When the latest plan says that it is due.</summary>
    public DateTimeOffset PlannedAt { get; init; }

    public bool IsStarted { get; init; }
    public bool IsEnded { get; init; }

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
    public int RetriesRemaining => Limits.Attempts - Attempt;

    /// <summary>Not every ordinal has an outcome yet.</summary>
    [JsonIgnore]
    public bool IsFirstPass => DeletedCount + FailedCount + SkippedCounts.Values.Sum() < Conversations;

    /// <summary>The job after one more event.</summary>
    public static Job Apply(Job? job, JobEvent @event) => (job, @event) switch
    {
        (null, Submitted e) => new Job { Bot = e.Bot, RequestType = e.RequestType },
        (not null, Scheduled e) => job with
        {
            Window = e.Window,
            PlannedAt = e.PlannedAt,
            // A retry begins again at the first ordinal, and owes an outcome to each that failed.
            Cursor = e.Attempt > job.Attempt ? 0 : job.Cursor,
            Owed = e.Attempt > job.Attempt ? job.FailedCount : job.Owed,
            Attempt = e.Attempt,
        },
        (not null, Started e) => job with { IsStarted = true, Conversations = e.Conversations, Owed = e.Conversations },
        (not null, ConversationDeleted e) => job.Reached(e.Ordinal) with { DeletedCount = job.DeletedCount + 1, Items = job.Items + e.Items },
        (not null, ConversationSkipped e) => job.Reached(e.Ordinal) with
        {
            SkippedCounts = new Dictionary<SkipReason, long>(job.SkippedCounts) { [e.Reason] = job.SkippedCounts.GetValueOrDefault(e.Reason) + 1 },
        },
        (not null, Failed { Ordinal: { } ordinal }) => job.Reached(ordinal).PlusFailed(),
        (not null, Failed) => job,
        (not null, Completed) => job with { IsEnded = true },
        _ => throw new InvalidOperationException($"{@event.GetType().Name} cannot come here in a job's stream"),
    };

    private Job PlusFailed() => this with { FailedCount = FailedCount + 1 };

    /// <summary>An outcome moves the cursor; when all ordinals had one already, it replaces a failure.</summary>
    private Job Reached(long ordinal) => this with
    {
        Cursor = ordinal + 1,
        Owed = Owed - 1,
        FailedCount = IsFirstPass ? FailedCount : FailedCount - 1,
    };
}
