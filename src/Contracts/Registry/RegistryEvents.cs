using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Registry;

/// <summary>
/// An event of the registry of bots, API clients and windows, which have one stream each. Every event names the person or program that
/// caused it, and the reason if one was given.
/// </summary>
public abstract record RegistryEvent
{
    private protected RegistryEvent() { }

    /// <summary>The person or program that caused it, as the operating system or the caller names them.</summary>
    public required string Actor { get; init; }

    /// <summary>The reason, in the actor's words. Absent if none was given.</summary>
    public string? Reason { get; init; }
}

/// <summary>A bot is known from here on.</summary>
/// <param name="Bot">App or Stream ID: opaque, 1 to 128 characters.</param>
/// <param name="CreatedAt">The instant at which the platform created the bot. A cId request's default range starts no earlier.</param>
/// <param name="Window">The window that its jobs run in.</param>
/// <param name="OwnerMail">The address for the completion mail. Absent if there is none.</param>
/// <param name="RetentionDays">Conversations that started longer ago are out of retention. Absent if they are kept for ever.</param>
/// <param name="KeyRetentionDays">Jobs that ended longer ago are forgotten: their keys are destroyed. Absent if they never are.</param>
/// <param name="WebhookUrl">The address for the signed completion message. Absent if there is none.</param>
public sealed record BotRegistered(
    string Bot, DateTimeOffset CreatedAt, string Window, string? OwnerMail = null, int? RetentionDays = null, int? KeyRetentionDays = null,
    string? WebhookUrl = null) : RegistryEvent;

/// <summary>All settings of a bot as they are after a change.</summary>
public sealed record BotChanged(
    string Bot, DateTimeOffset CreatedAt, string Window, string? OwnerMail = null, int? RetentionDays = null, int? KeyRetentionDays = null,
    string? WebhookUrl = null) : RegistryEvent;

/// <summary>A client may act for the bot with these scopes and no others. It replaces an earlier grant to the same client.</summary>
public sealed record ClientGranted(string Bot, string Client, IReadOnlyList<Scope> Scopes) : RegistryEvent;

/// <summary>A client may no longer act for the bot.</summary>
public sealed record GrantRevoked(string Bot, string Client) : RegistryEvent;

/// <summary>An API client is known from here on.</summary>
/// <param name="Client">The value of its tokens' <c>appId</c> claim.</param>
/// <param name="Algorithm">The one <c>alg</c> that its tokens may use.</param>
/// <param name="RequireExpiry">True if tokens without <c>exp</c> are refused.</param>
/// <param name="PublicKey">For RS* and ES*, the key that verifies its tokens, in PEM.</param>
public sealed record ClientRegistered(string Client, TokenAlgorithm Algorithm, bool RequireExpiry, string? PublicKey = null)
    : RegistryEvent;

/// <summary>A secret was issued. The secret itself is kept sealed, outside the events.</summary>
/// <param name="SecretId">The secret's name, which reveals nothing of the secret.</param>
public sealed record ClientSecretIssued(string Client, string SecretId) : RegistryEvent;

/// <summary>A secret no longer verifies anything.</summary>
public sealed record ClientSecretRetired(string Client, string SecretId) : RegistryEvent;

/// <summary>The client is shut out everywhere, for good.</summary>
public sealed record ClientRevoked(string Client) : RegistryEvent;

/// <summary>A window as it is from here on.</summary>
/// <param name="Cron">The cron expression of the openings, with seconds first.</param>
/// <param name="TimeZone">The IANA zone that the expression is read in.</param>
/// <param name="LengthSeconds">Length of an opening, in elapsed seconds.</param>
/// <param name="Lanes">Number of jobs that run side by side in it.</param>
public sealed record WindowDefined(string Name, string Cron, string TimeZone, long LengthSeconds, int Lanes) : RegistryEvent;

/// <summary>A job's key was destroyed. The request and the list of identifiers, which it sealed, are lost. In the bot's stream.</summary>
/// <param name="Job">The job's id.</param>
public sealed record JobKeyDestroyed(string Bot, string Job) : RegistryEvent;

/// <summary>A job was cancelled. Its own stream ends with the counts. In the bot's stream, in the same transaction.</summary>
/// <param name="Job">The job's id.</param>
public sealed record JobCancelled(string Bot, string Job) : RegistryEvent;

/// <summary>
/// An epoch's key was destroyed in the key folder. The job keys that it wrapped in backups, logs and replicas of the database are lost,
/// except for those of jobs that were not forgotten. In the ledger's own stream.
/// </summary>
/// <param name="Epoch">The epoch whose key is gone.</param>
/// <param name="DestroyedAt">An instant after the destruction.</param>
public sealed record EpochKeyDestroyed(int Epoch, DateTimeOffset DestroyedAt) : RegistryEvent;

/// <summary>Raw identifiers of a job were handed out. In the bot's stream.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Client">The client that got them.</param>
/// <param name="What">The form of the disclosure, such as a proof. Never an identifier.</param>
public sealed record IdentifiersDisclosed(string Bot, string Job, string Client, string What) : RegistryEvent;

/// <summary>
/// Conversations that jobs had erased were imported again, because somebody asked for it. In the bot's stream, in the import's own
/// transaction. An import of many lines records several such events.
/// </summary>
/// <param name="Conversations">Number of conversations, at least 1.</param>
public sealed record ErasedConversationsImported(string Bot, long Conversations) : RegistryEvent;

/// <summary>
/// Nothing more is posted to the bot's webhook, because its receiver asked for that. From here on the bot has no webhook, until it is
/// given one. In the bot's stream.
/// </summary>
/// <param name="WebhookUrl">The address that nothing is posted to any more.</param>
public sealed record WebhookDisabled(string Bot, string WebhookUrl) : RegistryEvent;

/// <summary>
/// No further batch of deletions begins. Of the bot, in its stream, or of all bots, in the ledger's own stream. Submissions are recorded
/// and planned as always.
/// </summary>
/// <param name="Bot">The bot. Absent for all bots.</param>
public sealed record DeletionsPaused(string? Bot = null) : RegistryEvent;

/// <summary>The end of the pause of the bot, or of the pause of all bots. One does not end the other.</summary>
/// <param name="Bot">The bot. Absent for all bots.</param>
public sealed record DeletionsResumed(string? Bot = null) : RegistryEvent;

/// <summary>
/// Conversations are under a legal hold from here on, and no job deletes them. It begins the hold's own stream. Its reason is kept for
/// ever.
/// </summary>
/// <param name="Hold">The hold's id.</param>
/// <param name="Bot">The bot that they belong to.</param>
/// <param name="RequestType">The kind of what is held: conversations, or all conversations of a channel user.</param>
/// <param name="Commitments">One for each held identifier (32 bytes each), under the hold's own key.</param>
/// <param name="Until">The instant at which the hold ends by itself. Absent if somebody has to lift it.</param>
public sealed record LegalHoldPlaced(
    string Hold, string Bot, RequestType RequestType, IReadOnlyList<byte[]> Commitments, DateTimeOffset? Until = null) : RegistryEvent;

/// <summary>Identifiers of a legal hold were handed out. In the hold's stream.</summary>
/// <param name="Client">The client that got them.</param>
public sealed record LegalHoldDisclosed(string Hold, string Bot, string Client) : RegistryEvent;

/// <summary>
/// The hold is over, and its key is destroyed with what it sealed. What jobs skipped because of it is owed to erasure again. Always last in
/// the hold's stream.
/// </summary>
/// <param name="How">How it ended.</param>
public sealed record LegalHoldEnded(string Hold, string Bot, HoldEnd How) : RegistryEvent;

/// <summary>
/// The client may audit the whole ledger. It has the scope Ledger Audit for all bots, present and future. In the client's stream.
/// </summary>
public sealed record LedgerAuditGranted(string Client) : RegistryEvent;

/// <summary>The client may no longer audit the whole ledger. Its grants for single bots stay. In the client's stream.</summary>
public sealed record LedgerAuditRevoked(string Client) : RegistryEvent;

/// <summary>All rate limits of a bot as they are after a change. One that is absent is the node's. In the bot's stream.</summary>
/// <param name="SubmitsPerMinute">Submissions for the bot per UTC minute.</param>
/// <param name="SubmitsPerHour">Submissions for the bot per UTC hour.</param>
/// <param name="PollsPerMinute">Polls of each of the bot's jobs per UTC minute.</param>
/// <param name="PollsPerHour">Polls of each of the bot's jobs per UTC hour.</param>
public sealed record BotLimitsSet(
    string Bot, int? SubmitsPerMinute = null, int? SubmitsPerHour = null, int? PollsPerMinute = null, int? PollsPerHour = null)
    : RegistryEvent;

/// <summary>The log goes on under a new name and key. In the log's stream.</summary>
/// <param name="Origin">The new name.</param>
/// <param name="PreviousOrigin">The name until now.</param>
/// <param name="Size">The tree's size when the new name was opened.</param>
/// <param name="PreviousSize">The size of the last checkpoint under the previous name. Absent if none is known.</param>
/// <param name="PreviousRoot">Its root (32 bytes).</param>
public sealed record OriginOpened(string Origin, string PreviousOrigin, long Size, long? PreviousSize = null, byte[]? PreviousRoot = null)
    : RegistryEvent;

/// <summary>How a legal hold ended.</summary>
public enum HoldEnd
{
    /// <summary>Somebody lifted it.</summary>
    [JsonStringEnumMemberName("lifted")] Lifted,
    /// <summary>Its instant had come.</summary>
    [JsonStringEnumMemberName("expired")] Expired,
}

/// <summary>A permission of a client for a bot.</summary>
public enum Scope
{
    [JsonStringEnumMemberName("Delete Conversations")] DeleteConversations,
    [JsonStringEnumMemberName("Logs History")] LogsHistory,
    [JsonStringEnumMemberName("Erasure Proofs")] ErasureProofs,
    [JsonStringEnumMemberName("Ledger Audit")] LedgerAudit,
    [JsonStringEnumMemberName("Legal Holds")] LegalHolds,
}

/// <summary>The token algorithms that a client can be registered with (RFC 7518 §3.1). <c>none</c> is not one.</summary>
public enum TokenAlgorithm
{
    HS256,
    HS512,
    RS256,
    RS512,
    ES256,
}
