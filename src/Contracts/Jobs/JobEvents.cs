using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Ledger.Contracts.Jobs;

/// <summary>
/// What can be recorded of a deletion job: a closed list, one stream per job, <see cref="Submitted"/> first and
/// <see cref="Completed"/> last. No event holds a raw conversation id or cId (only commitments), and none exceeds 60,000 bytes.
/// </summary>
public abstract record JobEvent
{
    private protected JobEvent() { }

    /// <summary>The conversation whose outcome this is, by its place in the manifest. Null for every other event.</summary>
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
/// <param name="RequestType">What was asked for.</param>
/// <param name="Commitments">
/// One per distinct conversation id, in ascending order of the ids' UTF-8 bytes; for a cId request the cId's, alone.
/// </param>
/// <param name="Client">The API client that asked.</param>
/// <param name="From">
/// Inclusive lower bound of <c>startedAt</c> as sent; absent where it was not (a cId request's default is resolved at the start) and for
/// ids.
/// </param>
/// <param name="To">Inclusive upper bound of <c>startedAt</c>; absent for ids.</param>
public sealed record Submitted(
    string Bot, RequestType RequestType, IReadOnlyList<byte[]> Commitments, string Client, DateTimeOffset? From = null,
    DateTimeOffset? To = null) : JobEvent;

/// <summary>
/// A plan: the job runs, or goes on, at <paramref name="PlannedAt"/> in <paramref name="Window"/>. Nothing is deleted outside the window
/// that the latest plan names.
/// </summary>
/// <param name="PlannedAt">When it is due.</param>
/// <param name="Window">The opening that it was planned into.</param>
/// <param name="Reason">Why this plan was made.</param>
/// <param name="Attempt">1 for the first attempt; each retry adds one.</param>
public sealed record Scheduled(DateTimeOffset PlannedAt, PlannedWindow Window, ScheduleReason Reason, int Attempt) : JobEvent;

/// <summary>What to delete was resolved into the manifest; from here on the list is fixed.</summary>
/// <param name="Attempt">The attempt that resolved it.</param>
/// <param name="Conversations">Conversations identified: ordinals run from 0 up to, not including, this.</param>
/// <param name="ManifestRoot">The RFC 6962 root over the commitments in ordinal order (32 bytes).</param>
/// <param name="From">For a cId request, the inclusive lower bound that was applied.</param>
/// <param name="RetainedFrom">
/// Conversations that started before this instant were out of retention; absent where the bot keeps for ever.
/// </param>
public sealed record Started(
    int Attempt, long Conversations, byte[] ManifestRoot, DateTimeOffset? From = null, DateTimeOffset? RetainedFrom = null) : JobEvent;

/// <summary>One conversation is gone.</summary>
/// <param name="Commitment">Of its id (32 bytes).</param>
/// <param name="Ordinal">Its place in the manifest.</param>
/// <param name="Items">What was removed with it.</param>
/// <param name="Attempt">The attempt that deleted it.</param>
/// <param name="ConfirmedAbsent">The store was read again after the deletion and holds none of it.</param>
public sealed record ConversationDeleted(byte[] Commitment, long Ordinal, ItemCounts Items, int Attempt, bool ConfirmedAbsent) : JobEvent;

/// <summary>One identified conversation was not deleted, on purpose.</summary>
public sealed record ConversationSkipped(byte[] Commitment, long Ordinal, SkipReason Reason) : JobEvent;

/// <summary>One conversation (or, without commitment and ordinal, the whole attempt) could not be deleted this time.</summary>
/// <param name="Reason">From a closed list; never the store's own words, which may quote an id.</param>
/// <param name="Attempt">The attempt that failed.</param>
/// <param name="RetriesRemaining">Attempts left after this one.</param>
/// <param name="Commitment">Of the conversation's id; absent for a whole attempt.</param>
/// <param name="Ordinal">Its place in the manifest; absent for a whole attempt.</param>
public sealed record Failed(FailureReason Reason, int Attempt, int RetriesRemaining, byte[]? Commitment = null, long? Ordinal = null)
    : JobEvent;

/// <summary>The job has ended; nothing follows.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Conversations">Identified.</param>
/// <param name="Deleted">Deleted and confirmed absent.</param>
/// <param name="Failed">Failed in the last attempt.</param>
/// <param name="Skipped">Skipped, by reason; only reasons that occurred.</param>
/// <param name="Items">What was removed, by kind.</param>
/// <param name="UntouchedFrom">For a cancelled job, the ordinal from which on nothing was touched.</param>
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

[Description("Why the job was planned into the window.")]
public enum ScheduleReason
{
    /// <summary>The first plan.</summary>
    [JsonStringEnumMemberName("off_peak")] OffPeak,
    /// <summary>The window closed before the job was done.</summary>
    [JsonStringEnumMemberName("window_closed")] WindowClosed,
    /// <summary>Failed conversations, or a failed attempt, are tried again.</summary>
    [JsonStringEnumMemberName("retry")] Retry,
    /// <summary>The bot has another window, or the window is defined anew: the job follows it.</summary>
    [JsonStringEnumMemberName("window_changed")] WindowChanged,
}

/// <summary>Why an identified conversation was not deleted. The numbers are stored in the manifest: never reuse one.</summary>
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

/// <summary>Why a conversation or an attempt failed. The numbers are stored in the manifest: never reuse one.</summary>
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
