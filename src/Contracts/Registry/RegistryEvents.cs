using System.Text.Json.Serialization;

namespace Ledger.Contracts.Registry;

/// <summary>
/// What can be recorded of the registry: bots, API clients and windows, one stream each. Every event names the person or
/// program that caused it and, where one was given, the reason.
/// </summary>
public abstract record RegistryEvent
{
    private protected RegistryEvent() { }

    /// <summary>Who did it, as the operating system or the caller names them.</summary>
    public required string Actor { get; init; }

    /// <summary>Why, in their words; absent where none was given.</summary>
    public string? Reason { get; init; }
}

/// <summary>A bot is known from here on.</summary>
/// <param name="Bot">App or Stream ID: opaque, 1 to 128 characters.</param>
/// <param name="CreatedAt">When the platform created the bot: the earliest default of a cId request's range.</param>
/// <param name="Window">The window that its jobs run in.</param>
/// <param name="OwnerMail">Where the completion mail goes; absent: nowhere.</param>
/// <param name="RetentionDays">Conversations that started longer ago are out of retention; absent: kept for ever.</param>
/// <param name="KeyRetentionDays">Jobs that ended longer ago are forgotten: their keys are destroyed; absent: never.</param>
/// <param name="WebhookUrl">Where the signed completion message is posted; absent: nowhere.</param>
public sealed record BotRegistered(
    string Bot, DateTimeOffset CreatedAt, string Window, string? OwnerMail = null, int? RetentionDays = null, int? KeyRetentionDays = null,
    string? WebhookUrl = null) : RegistryEvent;

/// <summary>All settings of a bot as they are after a change.</summary>
public sealed record BotChanged(
    string Bot, DateTimeOffset CreatedAt, string Window, string? OwnerMail = null, int? RetentionDays = null, int? KeyRetentionDays = null,
    string? WebhookUrl = null) : RegistryEvent;

/// <summary>A client may act for the bot, with these scopes and no others (an earlier grant to the same client is replaced).</summary>
public sealed record ClientGranted(string Bot, string Client, IReadOnlyList<Scope> Scopes) : RegistryEvent;

/// <summary>A client may no longer act for the bot.</summary>
public sealed record GrantRevoked(string Bot, string Client) : RegistryEvent;

/// <summary>An API client is known from here on.</summary>
/// <param name="Client">The value of its tokens' <c>appId</c> claim.</param>
/// <param name="Algorithm">The one <c>alg</c> that its tokens may use.</param>
/// <param name="RequireExpiry">Tokens without <c>exp</c> are refused.</param>
/// <param name="PublicKey">For RS* and ES*: the key that verifies its tokens, PEM.</param>
public sealed record ClientRegistered(string Client, TokenAlgorithm Algorithm, bool RequireExpiry, string? PublicKey = null)
    : RegistryEvent;

/// <summary>A secret was issued; the secret itself is kept sealed and outside the events.</summary>
/// <param name="SecretId">Names the secret; says nothing of it.</param>
public sealed record ClientSecretIssued(string Client, string SecretId) : RegistryEvent;

/// <summary>A secret no longer verifies anything.</summary>
public sealed record ClientSecretRetired(string Client, string SecretId) : RegistryEvent;

/// <summary>The client is shut out everywhere, for good.</summary>
public sealed record ClientRevoked(string Client) : RegistryEvent;

/// <summary>A window as it is from here on.</summary>
/// <param name="Cron">The cron expression of the openings, with seconds first.</param>
/// <param name="TimeZone">The IANA zone that the expression is read in.</param>
/// <param name="LengthSeconds">How long an opening lasts, in elapsed seconds.</param>
/// <param name="Lanes">How many jobs run side by side in it.</param>
public sealed record WindowDefined(string Name, string Cron, string TimeZone, long LengthSeconds, int Lanes) : RegistryEvent;

/// <summary>A job's key was destroyed, and with it what it sealed: the request and the list of identifiers. In the bot's stream.</summary>
/// <param name="Job">The job's id.</param>
public sealed record JobKeyDestroyed(string Bot, string Job) : RegistryEvent;

/// <summary>
/// An epoch's key was destroyed in the key folder: what job keys it wrapped in backups, logs and replicas of the database is lost, except
/// for those of jobs that were not forgotten. In the ledger's own stream.
/// </summary>
/// <param name="Epoch">The epoch whose key is gone.</param>
/// <param name="DestroyedAt">An instant after the destruction.</param>
public sealed record EpochKeyDestroyed(int Epoch, DateTimeOffset DestroyedAt) : RegistryEvent;

/// <summary>Raw identifiers of a job were handed out. In the bot's stream.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Client">Who got them.</param>
/// <param name="What">In which form, such as a proof; never an identifier.</param>
public sealed record IdentifiersDisclosed(string Bot, string Job, string Client, string What) : RegistryEvent;

/// <summary>
/// Conversations that jobs had erased were imported again, since somebody asked for it. In the bot's stream, with the import's own
/// transaction: an import of many lines records several.
/// </summary>
/// <param name="Conversations">How many: at least 1.</param>
public sealed record ErasedConversationsImported(string Bot, long Conversations) : RegistryEvent;

/// <summary>
/// Nothing more is posted to the bot's webhook, since its receiver asked for that. In the bot's stream. The bot has no webhook from here
/// on, until it is given one.
/// </summary>
/// <param name="WebhookUrl">The address that nothing is posted to any more.</param>
public sealed record WebhookDisabled(string Bot, string WebhookUrl) : RegistryEvent;

/// <summary>The log goes on under a new name and key. In the log's stream.</summary>
/// <param name="Origin">The new name.</param>
/// <param name="PreviousOrigin">The name until now.</param>
/// <param name="Size">The tree's size when the new name was opened.</param>
/// <param name="PreviousSize">The size of the last checkpoint under the previous name; absent where none is known.</param>
/// <param name="PreviousRoot">Its root (32 bytes).</param>
public sealed record OriginOpened(string Origin, string PreviousOrigin, long Size, long? PreviousSize = null, byte[]? PreviousRoot = null)
    : RegistryEvent;

/// <summary>What a client may do for a bot.</summary>
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
