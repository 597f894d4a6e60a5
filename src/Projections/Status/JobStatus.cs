using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;

namespace Ledger.Projections.Status;

/// <summary>
/// The polled status document of one job (contract §2), kept in <c>mt_doc_jobstatus</c>. What a client is answered is the stored
/// text, never this record written again.
/// </summary>
public sealed record JobStatus
{
    public required JobId JobId { get; init; }
    public required ReportedStatus Status { get; init; }
    public required Phase Phase { get; init; }
    public required RequestType RequestType { get; init; }
    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>The latest plan.</summary>
    public DateTimeOffset? ScheduledAt { get; init; }

    /// <summary>When the first attempt had its list.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public required JobResult Result { get; init; }

    [JsonIgnore]
    public bool Ended => CompletedAt is not null;
}

/// <summary>Counts are conversations, except in <see cref="DeletedItems"/>.</summary>
public sealed record JobResult
{
    public long TotalConversations { get; init; }

    /// <summary>Deleted, failed and skipped together.</summary>
    public long ProcessedCount { get; init; }
    public long DeletedCount { get; init; }
    public long FailedCount { get; init; }
    public long SkippedCount { get; init; }
    public int RetriesRemaining { get; init; }
    public required ItemCounts DeletedItems { get; init; }

    /// <summary>Skipped conversations by reason; only reasons that occurred.</summary>
    public required IReadOnlyDictionary<SkipReason, long> Skipped { get; init; }
}

public enum ReportedStatus
{
    [JsonStringEnumMemberName("queued")] Queued,
    [JsonStringEnumMemberName("completed")] Completed,
    [JsonStringEnumMemberName("failed")] Failed,
    [JsonStringEnumMemberName("cancelled")] Cancelled,
}

public enum Phase
{
    [JsonStringEnumMemberName("waiting")] Waiting,
    [JsonStringEnumMemberName("running")] Running,
    [JsonStringEnumMemberName("retrying")] Retrying,
    [JsonStringEnumMemberName("paused")] Paused,
    [JsonStringEnumMemberName("done")] Done,
}
