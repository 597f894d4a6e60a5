using System.ComponentModel;
using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;

namespace Ledger.Projections.Status;

/// <summary>
/// The polled status document of one job (contract §2), kept in <c>mt_doc_jobstatus</c>. A client is answered what is
/// stored, in the order of these members (<see cref="StatusText"/>), and never this record written again.
/// </summary>
public sealed record JobStatus
{
    public required JobId JobId { get; init; }
    public required ReportedStatus Status { get; init; }
    public required Phase Phase { get; init; }
    public required RequestType RequestType { get; init; }

    [Description("When the job was recorded.")]
    public required DateTimeOffset SubmittedAt { get; init; }

    [Description("When it is planned to run next, or was last.")]
    public DateTimeOffset? ScheduledAt { get; init; }

    [Description("When its first attempt had its list.")]
    public DateTimeOffset? StartedAt { get; init; }

    [Description("When it ended.")]
    public DateTimeOffset? CompletedAt { get; init; }
    public required JobResult Result { get; init; }

    /// <summary>Never stored. It is added to the text for the client that sent it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ShownCase? Case { get; init; }

    [JsonIgnore]
    public bool Ended => CompletedAt is not null;
}

[Description("Counts are conversations, except in `deletedItems`.")]
public sealed record JobResult
{
    [Description("Conversations that were identified when the job started.")]
    public long TotalConversations { get; init; }

    [Description("Conversations that were deleted, failed or were skipped.")]
    public long ProcessedCount { get; init; }

    [Description("Conversations that were deleted, and are confirmed to be gone.")]
    public long DeletedCount { get; init; }

    [Description("Conversations that could not be deleted. Falls again when a retry succeeds.")]
    public long FailedCount { get; init; }

    [Description("Conversations that were left alone, for a reason.")]
    public long SkippedCount { get; init; }

    [Description("Attempts that are left after this one.")]
    public int RetriesRemaining { get; init; }
    public required ItemCounts DeletedItems { get; init; }

    [Description("Skipped conversations by reason; only reasons that occurred.")]
    public required IReadOnlyDictionary<SkipReason, long> Skipped { get; init; }
}

[Description("`queued` until the job has ended.")]
public enum ReportedStatus
{
    [JsonStringEnumMemberName("queued")] Queued,
    [JsonStringEnumMemberName("completed")] Completed,
    [JsonStringEnumMemberName("failed")] Failed,
    [JsonStringEnumMemberName("cancelled")] Cancelled,
}

[Description("`waiting` for its window, `running`, `retrying` failed conversations, `paused` because its window closed or the "
    + "bot's deletions are paused, `done`.")]
public enum Phase
{
    [JsonStringEnumMemberName("waiting")] Waiting,
    [JsonStringEnumMemberName("running")] Running,
    [JsonStringEnumMemberName("retrying")] Retrying,
    [JsonStringEnumMemberName("paused")] Paused,
    [JsonStringEnumMemberName("done")] Done,
}
