using System.Text.Json.Serialization;
using Ledger.Contracts.Registry;

namespace Ledger.Projections.Registry;

/// <summary>A pause of deletions: the person or program that asked for it, and the reason.</summary>
public sealed record DeletionPause(string Actor, string? Reason);

/// <summary>A bot as it is now: <c>mt_doc_bot</c>.</summary>
/// <param name="Grants">Scopes by client id.</param>
/// <param name="KeyRetentionDays">Jobs that ended longer ago are forgotten. Null if they never are.</param>
/// <param name="WebhookUrl">The address for its jobs' ends. Null if there is none. Its secret is kept sealed elsewhere.</param>
/// <param name="DisabledWebhookUrl">Where they were posted until its receiver wanted no more; null once there is a webhook again.</param>
/// <param name="Pause">The pause of its deletions. Null if they are not paused, or only with those of all bots.</param>
/// <param name="Limits">Its own rate limits. Null if all are the node's.</param>
public sealed record Bot(
    string BotId, string? OwnerMail, DateTimeOffset CreatedAt, int? RetentionDays, string Window,
    IReadOnlyDictionary<string, IReadOnlyList<Scope>> Grants, int? KeyRetentionDays = null, string? WebhookUrl = null,
    string? DisabledWebhookUrl = null, DeletionPause? Pause = null, BotLimits? Limits = null)
{
    /// <summary>Of the document and of its stream. It follows from the name, so nothing sets it.</summary>
    [JsonIgnore]
    public Guid Id { get => StreamIds.Bot(BotId); init { } }
}

/// <summary>A bot's own rate limits, per UTC minute and per UTC hour. One that is null is the node's.</summary>
public sealed record BotLimits(int? SubmitsPerMinute, int? SubmitsPerHour, int? PollsPerMinute, int? PollsPerHour)
{
    /// <summary>The limits after a change. Null if all are the node's.</summary>
    public static BotLimits? Of(BotLimitsSet set)
    {
        var limits = new BotLimits(set.SubmitsPerMinute, set.SubmitsPerHour, set.PollsPerMinute, set.PollsPerHour);
        return limits == new BotLimits(null, null, null, null) ? null : limits;
    }
}

/// <summary>An API client as it is now: <c>mt_doc_apiclient</c>. Its secrets are kept sealed elsewhere.</summary>
/// <param name="LiveSecrets">Ids of the secrets that verify its tokens, oldest first; at most two.</param>
/// <param name="AuditsLedger">True if it has the scope Ledger Audit for all bots, present and future.</param>
public sealed record ApiClient(
    string ClientId, TokenAlgorithm Algorithm, string? PublicKey, bool RequireExpiry, IReadOnlyList<string> LiveSecrets, bool Revoked,
    bool AuditsLedger = false)
{
    /// <summary>Of the document and of its stream. It follows from the name, so nothing sets it.</summary>
    [JsonIgnore]
    public Guid Id { get => StreamIds.Client(ClientId); init { } }

    /// <summary>True if a signature made in this way still counts.</summary>
    /// <param name="secretId">The id of the secret that signed. Null if the client's own key did.</param>
    public bool SignsWith(string? secretId) => !Revoked && (secretId is null ? PublicKey is not null : LiveSecrets.Contains(secretId));
}

/// <summary>A window as it is now: <c>mt_doc_deletionwindow</c>.</summary>
public sealed record DeletionWindow(string Name, string Cron, string TimeZone, long LengthSeconds, int Lanes)
{
    /// <summary>Of the document and of its stream. It follows from the name, so nothing sets it.</summary>
    [JsonIgnore]
    public Guid Id { get => StreamIds.Window(Name); init { } }
}
