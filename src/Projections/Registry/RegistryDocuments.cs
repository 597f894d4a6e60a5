using Ledger.Contracts.Registry;

namespace Ledger.Projections.Registry;

/// <summary>A bot as it is now: <c>mt_doc_bot</c>.</summary>
/// <param name="Grants">Scopes by client id.</param>
/// <param name="KeyRetentionDays">Jobs that ended longer ago are forgotten; null: never.</param>
/// <param name="WebhookUrl">Where its jobs' ends are posted; null: nowhere. Its secret is kept sealed elsewhere.</param>
/// <param name="DisabledWebhookUrl">Where they were posted until its receiver wanted no more; null once there is a webhook again.</param>
public sealed record Bot(
    string BotId, string? OwnerMail, DateTimeOffset CreatedAt, int? RetentionDays, string Window, IReadOnlyDictionary<string, IReadOnlyList<Scope>> Grants,
    int? KeyRetentionDays = null, string? WebhookUrl = null, string? DisabledWebhookUrl = null)
{
    public static Bot Apply(Bot? bot, RegistryEvent @event) => (bot, @event) switch
    {
        (null, BotRegistered e) => new Bot(e.Bot, e.OwnerMail, e.CreatedAt, e.RetentionDays, e.Window, NoGrants, e.KeyRetentionDays, e.WebhookUrl),
        (not null, BotChanged e) => bot with
        {
            OwnerMail = e.OwnerMail,
            CreatedAt = e.CreatedAt,
            RetentionDays = e.RetentionDays,
            Window = e.Window,
            KeyRetentionDays = e.KeyRetentionDays,
            WebhookUrl = e.WebhookUrl,
            DisabledWebhookUrl = e.WebhookUrl is null ? bot.DisabledWebhookUrl : null,
        },
        (not null, WebhookDisabled e) => bot with { WebhookUrl = null, DisabledWebhookUrl = e.WebhookUrl },
        (not null, ClientGranted e) => bot with { Grants = new Dictionary<string, IReadOnlyList<Scope>>(bot.Grants, StringComparer.Ordinal) { [e.Client] = e.Scopes } },
        (not null, GrantRevoked e) => bot with
        {
            Grants = bot.Grants.Where(grant => grant.Key != e.Client).ToDictionary(grant => grant.Key, grant => grant.Value, StringComparer.Ordinal),
        },
        // About its jobs and conversations, and no setting of the bot's.
        (not null, JobKeyDestroyed or IdentifiersDisclosed or ErasedConversationsImported) => bot,
        _ => throw Misplaced.In("bot", @event),
    };

    private static readonly IReadOnlyDictionary<string, IReadOnlyList<Scope>> NoGrants = new Dictionary<string, IReadOnlyList<Scope>>(StringComparer.Ordinal);
}

/// <summary>An API client as it is now: <c>mt_doc_apiclient</c>. Its secrets are kept sealed elsewhere.</summary>
/// <param name="LiveSecrets">Ids of the secrets that verify its tokens, oldest first; at most two.</param>
public sealed record ApiClient(
    string ClientId, TokenAlgorithm Algorithm, string? PublicKey, bool RequireExpiry, IReadOnlyList<string> LiveSecrets, bool Revoked)
{
    /// <summary>Whether what was signed so still counts.</summary>
    /// <param name="secretId">With which of its secrets; null: with the client's own key.</param>
    public bool SignsWith(string? secretId) => !Revoked && (secretId is null ? PublicKey is not null : LiveSecrets.Contains(secretId));

    public static ApiClient Apply(ApiClient? client, RegistryEvent @event) => (client, @event) switch
    {
        (null, ClientRegistered e) => new ApiClient(e.Client, e.Algorithm, e.PublicKey, e.RequireExpiry, [], Revoked: false),
        (not null, ClientSecretIssued e) => client with { LiveSecrets = [.. client.LiveSecrets, e.SecretId] },
        (not null, ClientSecretRetired e) => client with { LiveSecrets = [.. client.LiveSecrets.Where(id => id != e.SecretId)] },
        (not null, ClientRevoked) => client with { Revoked = true, LiveSecrets = [] },
        _ => throw Misplaced.In("client", @event),
    };
}

/// <summary>A window as it is now: <c>mt_doc_deletionwindow</c>.</summary>
public sealed record DeletionWindow(string Name, string Cron, string TimeZone, long LengthSeconds, int Lanes)
{
    public static DeletionWindow Apply(DeletionWindow? window, RegistryEvent @event) => @event switch
    {
        WindowDefined e => new DeletionWindow(e.Name, e.Cron, e.TimeZone, e.LengthSeconds, e.Lanes),
        _ => throw Misplaced.In("window", @event),
    };
}

internal static class Misplaced
{
    public static InvalidOperationException In(string stream, RegistryEvent @event) =>
        new($"{@event.GetType().Name} cannot come here in a {stream}'s stream");
}
