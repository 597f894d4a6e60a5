using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Ledger.Contracts.Jobs;

/// <summary>
/// An event of a deletion job. The event types are a closed list. Each job has one stream, with <see cref="Submitted"/> first and
/// <see cref="Completed"/> last. No event holds a raw conversation id or cId, only commitments. No event exceeds 60,000 bytes.
/// </summary>
public abstract record JobEvent
{
    private protected JobEvent() { }

    /// <summary>The place in the manifest of the conversation whose outcome this is. Null for every other event.</summary>
    [JsonIgnore]
    public long? OutcomeOrdinal => this switch
    {
        ConversationDeleted e => e.Ordinal,
        ConversationSkipped e => e.Ordinal,
        Failed e => e.Ordinal,
        _ => null,
    };
}

/// <summary>A client's request was accepted.</summary>
/// <param name="Bot">The bot, as in the path.</param>
/// <param name="RequestType">The kind of request.</param>
/// <param name="Commitments">
/// One for each distinct conversation id, in ascending order of the ids' UTF-8 bytes. For a cId request, only the cId's.
/// </param>
/// <param name="Client">The API client that asked.</param>
/// <param name="From">
/// Inclusive lower bound of <c>startedAt</c>, as sent. Absent for conversation ids, and if none was sent. The default of a cId request is
/// resolved when the job starts.
/// </param>
/// <param name="To">Inclusive upper bound of <c>startedAt</c>. Absent for conversation ids.</param>
public sealed record Submitted(
    string Bot, RequestType RequestType, IReadOnlyList<byte[]> Commitments, string Client, DateTimeOffset? From = null,
    DateTimeOffset? To = null) : JobEvent;

/// <summary>
/// The request behind the deletion, as the client told it. It comes right behind <see cref="Submitted"/>, and only if the client told
/// something of it.
/// </summary>
/// <param name="Basis">The ground of the request. Absent if none was told.</param>
/// <param name="ReceivedOn">The day on which the client received the request. Absent if none was told.</param>
/// <param name="DueOn">The last day on which the deletion is in time: as told, or the basis's default. Absent if there is none.</param>
/// <param name="ReferenceCommitment">
/// The commitment to the client's own reference (32 bytes). Absent without a reference. The reference itself is sealed with the request.
/// </param>
public sealed record CaseRecorded(
    CaseBasis? Basis = null, DateOnly? ReceivedOn = null, DateOnly? DueOn = null, byte[]? ReferenceCommitment = null) : JobEvent;

/// <summary>The case has a later deadline.</summary>
/// <param name="DueOn">The new last day on which the deletion is in time.</param>
/// <param name="Reason">The client's words for the reason. They are kept for ever, so they must hold no personal data.</param>
/// <param name="Client">The API client that extended it.</param>
public sealed record DeadlineExtended(DateOnly DueOn, string Reason, string Client) : JobEvent;

/// <summary>
/// A plan. The job runs, or continues, at <paramref name="PlannedAt"/> in <paramref name="Window"/>. Nothing is deleted outside the
/// window that the latest plan names.
/// </summary>
/// <param name="PlannedAt">The instant at which the job is due.</param>
/// <param name="Window">The opening that it was planned into.</param>
/// <param name="Reason">The reason for this plan.</param>
/// <param name="Attempt">1 for the first attempt; each retry adds one.</param>
public sealed record Scheduled(DateTimeOffset PlannedAt, PlannedWindow Window, ScheduleReason Reason, int Attempt) : JobEvent;

/// <summary>The conversations to delete were resolved into the manifest. From here on the list is fixed.</summary>
/// <param name="Attempt">The attempt that resolved it.</param>
/// <param name="Conversations">Number of conversations identified. Ordinals run from 0 to one less than this.</param>
/// <param name="ManifestRoot">The RFC 6962 root over the commitments in ordinal order (32 bytes).</param>
/// <param name="From">For a cId request, the inclusive lower bound that was applied.</param>
/// <param name="RetainedFrom">
/// Conversations that started before this instant were out of retention. Absent if the bot keeps them for ever.
/// </param>
public sealed record Started(
    int Attempt, long Conversations, byte[] ManifestRoot, DateTimeOffset? From = null, DateTimeOffset? RetainedFrom = null) : JobEvent;

/// <summary>One conversation is gone.</summary>
/// <param name="Commitment">The commitment to its id (32 bytes).</param>
/// <param name="Ordinal">Its place in the manifest.</param>
/// <param name="Items">The items that were removed with it.</param>
/// <param name="Attempt">The attempt that deleted it.</param>
/// <param name="ConfirmedAbsent">True if the store was read again after the deletion and holds none of it.</param>
public sealed record ConversationDeleted(byte[] Commitment, long Ordinal, ItemCounts Items, int Attempt, bool ConfirmedAbsent) : JobEvent;

/// <summary>One identified conversation was not deleted, on purpose.</summary>
public sealed record ConversationSkipped(byte[] Commitment, long Ordinal, SkipReason Reason) : JobEvent;

/// <summary>One conversation (or, without commitment and ordinal, the whole attempt) could not be deleted this time.</summary>
/// <param name="Reason">A reason from a closed list. Never the store's own words, which may quote an id.</param>
/// <param name="Attempt">The attempt that failed.</param>
/// <param name="RetriesRemaining">Attempts left after this one.</param>
/// <param name="Commitment">The commitment to the conversation's id. Absent for a whole attempt.</param>
/// <param name="Ordinal">Its place in the manifest. Absent for a whole attempt.</param>
public sealed record Failed(FailureReason Reason, int Attempt, int RetriesRemaining, byte[]? Commitment = null, long? Ordinal = null)
    : JobEvent;

/// <summary>The job has ended. No event follows.</summary>
/// <param name="Outcome">The end of the job: completed, failed or cancelled.</param>
/// <param name="Conversations">Number of conversations identified.</param>
/// <param name="Deleted">Number deleted and confirmed absent.</param>
/// <param name="Failed">Number that failed in the last attempt.</param>
/// <param name="Skipped">Number skipped, by reason. Only reasons that occurred are present.</param>
/// <param name="Items">The items that were removed, by kind.</param>
/// <param name="UntouchedFrom">For a cancelled job, the ordinal from which nothing was touched.</param>
public sealed record Completed(
    JobOutcome Outcome, long Conversations, long Deleted, long Failed, IReadOnlyDictionary<SkipReason, long> Skipped, ItemCounts Items,
    long? UntouchedFrom = null) : JobEvent;

/// <summary>The opening of a window that a plan names: half-open, <c>[Opens, Closes)</c>.</summary>
public sealed record PlannedWindow(
    [property: Description("The window's name.")] string Name,
    [property: Description("The cron expression of its openings, with seconds first.")] string Cron,
    [property: Description("The IANA zone that the expression is read in.")] string TimeZone,
    [property: Description("Inclusive.")] DateTimeOffset Opens,
    [property: Description("Exclusive.")] DateTimeOffset Closes);

[Description("The kind of request: by conversation ids or by channel user.")]
public enum RequestType
{
    [JsonStringEnumMemberName("conversationIds")] ConversationIds,
    [JsonStringEnumMemberName("cId")] CId,
}

[Description("The ground of the request: a point of GDPR Article 17(1), the CCPA, or another one.")]
public enum CaseBasis
{
    [JsonStringEnumMemberName("gdpr_17_1_a")] Gdpr171A,
    [JsonStringEnumMemberName("gdpr_17_1_b")] Gdpr171B,
    [JsonStringEnumMemberName("gdpr_17_1_c")] Gdpr171C,
    [JsonStringEnumMemberName("gdpr_17_1_d")] Gdpr171D,
    [JsonStringEnumMemberName("gdpr_17_1_e")] Gdpr171E,
    [JsonStringEnumMemberName("gdpr_17_1_f")] Gdpr171F,
    [JsonStringEnumMemberName("ccpa")] Ccpa,
    [JsonStringEnumMemberName("other")] Other,
}

[Description("Why the job was planned into the window.")]
public enum ScheduleReason
{
    /// <summary>The first plan.</summary>
    [JsonStringEnumMemberName("off_peak")] OffPeak,
    /// <summary>The window closed before the job was done.</summary>
    [JsonStringEnumMemberName("window_closed")] WindowClosed,
    /// <summary>Failed conversations, or a failed attempt, are tried again.</summary>
    [JsonStringEnumMemberName("retry")] Retry,
    /// <summary>The bot has another window, or the window is defined anew. The job follows it.</summary>
    [JsonStringEnumMemberName("window_changed")] WindowChanged,
}

/// <summary>The reason for not deleting an identified conversation. The manifest stores the numbers, so never reuse one.</summary>
public enum SkipReason
{
    [Description("Out of retention.")]
    [JsonStringEnumMemberName("retention")] Retention = 1,
    [Description("Never existed, or another bot's.")]
    [JsonStringEnumMemberName("not_found")] NotFound = 2,
    [Description("Erased by an earlier job whose key still lives.")]
    [JsonStringEnumMemberName("already_erased")] AlreadyErased = 3,
    [Description("Under a legal hold.")]
    [JsonStringEnumMemberName("legal_hold")] LegalHold = 4,
    [Description("The job was cancelled before.")]
    [JsonStringEnumMemberName("cancelled")] Cancelled = 5,
}

/// <summary>The reason for the failure of a conversation or an attempt. The manifest stores the numbers, so never reuse one.</summary>
public enum FailureReason
{
    [Description("The store refused: a constraint, a trigger, a missing right.")]
    [JsonStringEnumMemberName("store_refused")] StoreRefused = 1,
    [Description("Somebody else held a lock on it for too long.")]
    [JsonStringEnumMemberName("locked")] Locked = 2,
    [Description("The store took longer than a statement may.")]
    [JsonStringEnumMemberName("timeout")] Timeout = 3,
    [Description("After the deletion the store still held something of it.")]
    [JsonStringEnumMemberName("not_confirmed")] NotConfirmed = 4,
    [Description("The list of what to delete could not be resolved.")]
    [JsonStringEnumMemberName("list_unresolved")] ListUnresolved = 5,
}

[Description("How the job ended.")]
public enum JobOutcome
{
    [JsonStringEnumMemberName("completed")] Completed,
    [JsonStringEnumMemberName("failed")] Failed,
    [JsonStringEnumMemberName("cancelled")] Cancelled,
}
