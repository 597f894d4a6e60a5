using Ledger.Contracts.Registry;

namespace Ledger.Projections.Registry;

/// <summary>A bot as a function of its events, and of nothing else.</summary>
public static class BotFold
{
    private static readonly IReadOnlyDictionary<string, IReadOnlyList<Scope>> s_noGrants =
        new Dictionary<string, IReadOnlyList<Scope>>(StringComparer.Ordinal);

    /// <summary>The bot after one more event.</summary>
    /// <param name="bot">Null before its first event.</param>
    /// <exception cref="InvalidOperationException">The event cannot come here.</exception>
    public static Bot Apply(Bot? bot, RegistryEvent @event) => (bot, @event) switch
    {
        (null, BotRegistered e) =>
            new Bot(e.Bot, e.OwnerMail, e.CreatedAt, e.RetentionDays, e.Window, s_noGrants, e.KeyRetentionDays, e.WebhookUrl),
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
        (not null, ClientGranted e) => bot with
        {
            Grants = new Dictionary<string, IReadOnlyList<Scope>>(bot.Grants, StringComparer.Ordinal) { [e.Client] = e.Scopes },
        },
        (not null, GrantRevoked e) => bot with
        {
            Grants = bot.Grants.Where(grant => grant.Key != e.Client).ToDictionary(
                grant => grant.Key, grant => grant.Value, StringComparer.Ordinal),
        },
        (not null, DeletionsPaused { Bot: not null } or DeletionsResumed { Bot: not null }) => bot with { Pause = PauseFold.Apply(@event) },
        (not null, BotLimitsSet e) => bot with { Limits = BotLimits.Of(e) },
        // About its jobs and conversations, and no setting of the bot's.
        (not null, JobKeyDestroyed or JobCancelled or IdentifiersDisclosed or ErasedConversationsImported) => bot,
        _ => throw Misplaced.In("bot", @event),
    };
}

internal static class Misplaced
{
    public static InvalidOperationException In(string stream, RegistryEvent @event) =>
        new($"{@event.GetType().Name} cannot come here in a {stream}'s stream");
}
