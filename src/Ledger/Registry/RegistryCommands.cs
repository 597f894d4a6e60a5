using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;

namespace Ledger.Registry;

/// <summary>An administrator's command to the registry. Repeating a command records nothing.</summary>
public abstract record RegistryCommand(string Actor, string? Reason);

/// <param name="RetentionDays">Days that conversations are kept. Null for ever.</param>
/// <param name="KeyRetentionDays">Days that job keys are kept. Null for ever.</param>
/// <param name="WebhookUrl">The webhook's address. Null for none.</param>
public sealed record AddBot(
    string Bot, string? OwnerMail, DateTimeOffset CreatedAt, int? RetentionDays, string Window, string Actor, string? Reason,
    int? KeyRetentionDays = null, string? WebhookUrl = null) : RegistryCommand(Actor, Reason);

/// <summary>Changes a bot's settings. Null leaves a setting as it is.</summary>
/// <param name="OwnerMail">The owner's mail address. Empty to remove it.</param>
/// <param name="RetentionDays">Days that conversations are kept. 0 for ever.</param>
/// <param name="KeyRetentionDays">Days that job keys are kept. 0 for ever.</param>
/// <param name="WebhookUrl">The webhook's address. Empty to remove it.</param>
public sealed record ChangeBot(
    string Bot, string? OwnerMail, DateTimeOffset? CreatedAt, int? RetentionDays, string? Window, string Actor, string? Reason,
    int? KeyRetentionDays = null, string? WebhookUrl = null) : RegistryCommand(Actor, Reason);

/// <summary>Changes a bot's rate limits. Null leaves a limit as it is, and 0 makes it the node's.</summary>
public sealed record SetBotLimits(string Bot, BotLimits Limits, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Stops posting to the bot's webhook, if it still has this address.</summary>
public sealed record DisableWebhook(string Bot, string WebhookUrl, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Begins no further batch of the bot's deletions. Does nothing if they are paused.</summary>
public sealed record PauseDeletions(string Bot, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Ends the pause of the bot's deletions. Does nothing if they are not paused.</summary>
public sealed record ResumeDeletions(string Bot, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

public sealed record GrantClient(string Bot, string Client, IReadOnlyList<Scope> Scopes, string Actor, string? Reason)
    : RegistryCommand(Actor, Reason);

public sealed record RevokeGrant(string Bot, string Client, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Records that identifiers of a job are about to be handed out. Each time is recorded.</summary>
/// <param name="Client">The client that gets them.</param>
/// <param name="What">The form in which they are handed out. Never an identifier.</param>
public sealed record RecordDisclosure(string Bot, string Job, string Client, string What, string Actor, string? Reason)
    : RegistryCommand(Actor, Reason);

/// <summary>Grants Ledger Audit for all bots, present and future.</summary>
public sealed record GrantLedgerAudit(string Client, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Takes the grant of Ledger Audit for all bots away. Grants for single bots stay.</summary>
public sealed record RevokeLedgerAudit(string Client, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <param name="SecretId">The name of the first secret, for HS256 and HS512. Null otherwise.</param>
public sealed record AddClient(
    string Client, TokenAlgorithm Algorithm, string? PublicKey, bool RequireExpiry, string? SecretId, string Actor,
    string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Issues a further secret. A client has at most two: a third one retires the oldest.</summary>
public sealed record IssueSecret(string Client, string SecretId, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

/// <summary>Retires every secret except the newest.</summary>
public sealed record RetireOldSecrets(string Client, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

public sealed record RevokeClient(string Client, string Actor, string? Reason) : RegistryCommand(Actor, Reason);

public sealed record DefineWindow(string Name, string Cron, string TimeZone, long LengthSeconds, int Lanes, string Actor, string? Reason)
    : RegistryCommand(Actor, Reason);
