using Ledger.Contracts.Registry;

namespace Ledger.Registry;

/// <summary>What an administrator can ask of the registry. Repeating a command records nothing.</summary>
public abstract record RegistryCommand(string Actor, string? Reason);

/// <param name="RetentionDays">Null: conversations are kept for ever.</param>
/// <param name="KeyRetentionDays">Null: job keys are kept for ever.</param>
/// <param name="WebhookUrl">Null: none.</param>
public sealed record AddBot(
    string Bot, string? OwnerMail, DateTimeOffset CreatedAt, int? RetentionDays, string Window, string Actor, string? Reason,
    int? KeyRetentionDays = null, string? WebhookUrl = null) : RegistryCommand(Actor, Reason);

/// <summary>Changes a bot's settings; null leaves one as it is.</summary>
/// <param name="OwnerMail">Empty: none any more.</param>
/// <param name="RetentionDays">0 means: kept for ever.</param>
/// <param name="KeyRetentionDays">0 means: kept for ever.</param>
/// <param name="WebhookUrl">Empty: none any more.</param>
public sealed record ChangeBot(
    string Bot, string? OwnerMail, DateTimeOffset? CreatedAt, int? RetentionDays, string? Window, string Actor, string? Reason,
    int? KeyRetentionDays = null, string? WebhookUrl = null) : RegistryCommand(Actor, Reason);

/// <summary>Posts nothing more to the bot's webhook, if it still is this one.</summary>
public sealed record DisableWebhook(string Bot, string WebhookUrl, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

public sealed record GrantClient(string Bot, string Client, IReadOnlyList<Scope> Scopes, string Actor, string? Reason)
    : RegistryCommand(Actor, Reason);

public sealed record RevokeGrant(string Bot, string Client, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Notes that identifiers of a job are about to be handed out. Each time is recorded.</summary>
/// <param name="Client">Who gets them.</param>
/// <param name="What">In which form; never an identifier.</param>
public sealed record RecordDisclosure(string Bot, string Job, string Client, string What, string Actor, string? Reason)
    : RegistryCommand(Actor, Reason);

/// <param name="SecretId">For HS256 and HS512: names the first secret; else null.</param>
public sealed record AddClient(
    string Client, TokenAlgorithm Algorithm, string? PublicKey, bool RequireExpiry, string? SecretId, string Actor,
    string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Issues a further secret. Two live at most: a third one retires the oldest.</summary>
public sealed record IssueSecret(string Client, string SecretId, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Retires every secret but the newest.</summary>
public sealed record RetireOldSecrets(string Client, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

public sealed record RevokeClient(string Client, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

public sealed record DefineWindow(string Name, string Cron, string TimeZone, long LengthSeconds, int Lanes, string Actor, string? Reason)
    : RegistryCommand(Actor, Reason);
