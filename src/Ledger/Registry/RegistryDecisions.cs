using Ledger.Contracts;
using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Decision = Ledger.Engine.Decision<Ledger.Contracts.Registry.RegistryEvent>;

namespace Ledger.Registry;

/// <summary>The facts that a bot's creation must agree with. Deletions by cId without dates reach back to the creation.</summary>
/// <param name="Now">The instant when the command was given.</param>
/// <param name="FirstConversation">The start of the bot's first conversation in the store. Null if the store has none.</param>
public sealed record BotFacts(DateTimeOffset Now, DateTimeOffset? FirstConversation);

/// <summary>The registry's rules, as pure functions. One stream's document and a command give events or a rejection.</summary>
public static class RegistryDecisions
{
    /// <summary>The name of all bots, present and future, in a grant.</summary>
    public const string AllBots = "*";

    /// <summary>A hundred years, in days.</summary>
    private const int LongestRetention = 36_500;

    public static Decision Decide(Bot? bot, RegistryCommand command) =>
        command switch
        {
            AddBot add => Add(bot, add),
            ChangeBot change when bot is not null => Change(bot, change),
            DisableWebhook disable when bot is not null => bot.WebhookUrl == disable.WebhookUrl
                ? Decision.Of(new WebhookDisabled(bot.BotId, disable.WebhookUrl) { Actor = disable.Actor, Reason = disable.Reason })
                : Decision.Nothing,
            PauseDeletions pause when bot is not null => Pause(bot.Pause, bot.BotId, pause),
            ResumeDeletions resume when bot is not null => Resume(bot.Pause, bot.BotId, resume),
            SetBotLimits set when bot is not null => Set(bot, set),
            GrantClient grant when bot is not null => Grant(bot, grant),
            RevokeGrant revoke when bot is not null => bot.Grants.ContainsKey(revoke.Client)
                ? Decision.Of(new GrantRevoked(revoke.Bot, revoke.Client) { Actor = revoke.Actor, Reason = revoke.Reason })
                : Decision.Nothing,
            RecordDisclosure record when bot is not null => Decision.Of(
                new IdentifiersDisclosed(record.Bot, record.Job, record.Client, record.What)
                {
                    Actor = record.Actor,
                    Reason = record.Reason,
                }
            ),
            ChangeBot or SetBotLimits or DisableWebhook or PauseDeletions or ResumeDeletions or GrantClient or RevokeGrant
                or RecordDisclosure => Decision.Reject("there is no such bot: register it with `ledger bot add`"),
            _ => throw new ArgumentOutOfRangeException(nameof(command)),
        };

    /// <summary>Decides in the same way, but a creation is recorded only if it can be true.</summary>
    public static Decision Decide(Bot? bot, RegistryCommand command, BotFacts facts)
    {
        var decision = Decide(bot, command);
        var createdAt = decision.Events switch
        {
            [BotRegistered registered] => registered.CreatedAt,
            [BotChanged changed] when changed.CreatedAt != bot!.CreatedAt => changed.CreatedAt,
            _ => (DateTimeOffset?)null,
        };
        if (createdAt > facts.Now)
            return Decision.Reject($"a bot's creation (--created) must not be in the future: it is {Instant.Text(facts.Now)} now");
        if (createdAt > facts.FirstConversation && Instant.Text(facts.FirstConversation.Value) is var first)
            return Decision.Reject($"a bot's creation (--created) must not be after its first conversation, which started at {first}");
        return decision;
    }

    public static Decision Decide(ApiClient? client, RegistryCommand command) =>
        command switch
        {
            AddClient add => Add(client, add),
            _ when client is null => Decision.Reject("there is no such client: register it with `ledger client add`"),
            RevokeClient revoke => client.Revoked
                ? Decision.Nothing
                : Decision.Of(new ClientRevoked(revoke.Client) { Actor = revoke.Actor, Reason = revoke.Reason }),
            _ when client.Revoked => Decision.Reject("the client was revoked for good: register another one"),
            GrantLedgerAudit grant => client.AuditsLedger
                ? Decision.Nothing
                : Decision.Of(new LedgerAuditGranted(client.ClientId) { Actor = grant.Actor, Reason = grant.Reason }),
            RevokeLedgerAudit revoke => client.AuditsLedger
                ? Decision.Of(new LedgerAuditRevoked(client.ClientId) { Actor = revoke.Actor, Reason = revoke.Reason })
                : Decision.Nothing,
            IssueSecret issue => Issue(client, issue),
            RetireOldSecrets retire => Decision.Of([.. client.LiveSecrets.SkipLast(1).Select(id => Retired(client.ClientId, id, retire))]),
            _ => throw new ArgumentOutOfRangeException(nameof(command)),
        };

    public static Decision Decide(DeletionWindow? window, RegistryCommand command)
    {
        var define = (DefineWindow)command;
        var defined = new DeletionWindow(define.Name, define.Cron, define.TimeZone, define.LengthSeconds, define.Lanes);
        return window == defined
            ? Decision.Nothing
            : Decision.Of(
                new WindowDefined(define.Name, define.Cron, define.TimeZone, define.LengthSeconds, define.Lanes)
                {
                    Actor = define.Actor,
                    Reason = define.Reason,
                }
            );
    }

    /// <summary>Pauses what is not paused.</summary>
    /// <param name="pause">The present pause.</param>
    /// <param name="bot">The bot. Null for all bots.</param>
    /// <param name="command">The person who asks, and the reason.</param>
    internal static Decision Pause(DeletionPause? pause, string? bot, RegistryCommand command) => pause is null
        ? Decision.Of(new DeletionsPaused(bot) { Actor = command.Actor, Reason = command.Reason })
        : Decision.Nothing;

    /// <summary>Resumes what is paused. As <see cref="Pause"/>.</summary>
    internal static Decision Resume(DeletionPause? pause, string? bot, RegistryCommand command) => pause is not null
        ? Decision.Of(new DeletionsResumed(bot) { Actor = command.Actor, Reason = command.Reason })
        : Decision.Nothing;

    private static Decision Add(Bot? bot, AddBot add)
    {
        if (!Limits.IsIdentifier(add.Bot))
            return Decision.Reject("a bot id has 1 to 128 characters, not all blank, without control characters");
        // RFC 3986, section 5.2.4: whoever resolves a URL takes these segments out of it, percent-encoded or not.
        if (add.Bot is "." or "..")
            return Decision.Reject("a bot cannot be named '.' or '..': no URL could name it, because these are steps within a path");
        if (add.Bot == AllBots)
            return Decision.Reject("a bot cannot be named '*': in a grant that stands for all bots");
        if (add.RetentionDays is < 1 or > LongestRetention)
            return Decision.Reject($"retention is 1 to {LongestRetention} days (leave it out to keep for ever)");
        if (add.KeyRetentionDays is < 1 or > LongestRetention)
            return Decision.Reject($"key retention is 1 to {LongestRetention} days (leave it out to keep for ever)");
        if (RecipientProblem(add.OwnerMail, add.WebhookUrl) is { } problem)
            return Decision.Reject(problem);
        var createdAt = Instant.Truncate(add.CreatedAt);
        if (bot is null)
        {
            return Decision.Of(
                new BotRegistered(add.Bot, createdAt, add.Window, add.OwnerMail, add.RetentionDays, add.KeyRetentionDays, add.WebhookUrl)
                {
                    Actor = add.Actor,
                    Reason = add.Reason,
                }
            );
        }
        var same =
            bot.OwnerMail == add.OwnerMail
            && bot.CreatedAt == createdAt
            && bot.RetentionDays == add.RetentionDays
            && bot.Window == add.Window
            && bot.KeyRetentionDays == add.KeyRetentionDays
            && bot.WebhookUrl == add.WebhookUrl;
        return same
            ? Decision.Nothing
            : Decision.Reject("the bot is registered already, with other settings: change it with `ledger bot set`");
    }

    private static Decision Change(Bot bot, ChangeBot change)
    {
        if (change.RetentionDays is < 0 or > LongestRetention)
            return Decision.Reject($"retention is 1 to {LongestRetention} days (0 keeps for ever)");
        if (change.KeyRetentionDays is < 0 or > LongestRetention)
            return Decision.Reject($"key retention is 1 to {LongestRetention} days (0 keeps for ever)");
        if (RecipientProblem(change.OwnerMail, change.WebhookUrl) is { } problem)
            return Decision.Reject(problem);
        var changed = bot with
        {
            OwnerMail = change.OwnerMail switch { null => bot.OwnerMail, "" => null, var mail => mail },
            CreatedAt = change.CreatedAt is { } created ? Instant.Truncate(created) : bot.CreatedAt,
            RetentionDays = change.RetentionDays switch { null => bot.RetentionDays, 0 => null, var days => days },
            Window = change.Window ?? bot.Window,
            KeyRetentionDays = change.KeyRetentionDays switch { null => bot.KeyRetentionDays, 0 => null, var days => days },
            WebhookUrl = change.WebhookUrl switch { null => bot.WebhookUrl, "" => null, var url => url },
        };
        return changed == bot
            ? Decision.Nothing
            : Decision.Of(
                new BotChanged(
                    bot.BotId, changed.CreatedAt, changed.Window, changed.OwnerMail, changed.RetentionDays, changed.KeyRetentionDays,
                    changed.WebhookUrl)
                { Actor = change.Actor, Reason = change.Reason }
            );
    }

    private static Decision Set(Bot bot, SetBotLimits set)
    {
        var (own, change) = (bot.Limits, set.Limits);
        if (new[] { change.SubmitsPerMinute, change.SubmitsPerHour, change.PollsPerMinute, change.PollsPerHour }.Any(limit => limit < 0))
            return Decision.Reject("a rate limit is a whole number from 1 on (0 is the node's)");
        static int? After(int? own, int? change) => change switch { null => own, 0 => null, var limit => limit };
        var changed = new BotLimitsSet(
            bot.BotId, After(own?.SubmitsPerMinute, change.SubmitsPerMinute), After(own?.SubmitsPerHour, change.SubmitsPerHour),
            After(own?.PollsPerMinute, change.PollsPerMinute), After(own?.PollsPerHour, change.PollsPerHour))
        { Actor = set.Actor, Reason = set.Reason };
        return BotLimits.Of(changed) == own ? Decision.Nothing : Decision.Of(changed);
    }

    private static string? RecipientProblem(string? ownerMail, string? webhookUrl) => (ownerMail, webhookUrl) switch
    {
        ({ Length: > 0 }, _) when SmtpAddress.Read(ownerMail).Problem is { } problem =>
            $"the owner's mail address cannot be used: {problem}",
        (_, { Length: > 0 }) => WebhookUrl.Problem(webhookUrl),
        _ => null,
    };

    private static Decision Grant(Bot bot, GrantClient grant)
    {
        var scopes = grant.Scopes.Distinct().Order().ToArray();
        if (scopes.Length == 0)
            return Decision.Reject("name at least one scope (to take all away: `ledger client revoke --bot`)");
        return bot.Grants.TryGetValue(grant.Client, out var granted) && granted.SequenceEqual(scopes)
            ? Decision.Nothing
            : Decision.Of(new ClientGranted(bot.BotId, grant.Client, scopes) { Actor = grant.Actor, Reason = grant.Reason });
    }

    private static Decision Add(ApiClient? client, AddClient add)
    {
        if (!Limits.IsIdentifier(add.Client))
            return Decision.Reject("a client id has 1 to 128 characters, not all blank, without control characters");
        var sharesSecret = add.Algorithm is TokenAlgorithm.HS256 or TokenAlgorithm.HS512;
        if (sharesSecret == add.SecretId is null || sharesSecret == add.PublicKey is not null)
            return Decision.Reject("HS256 and HS512 take a secret, RS256, RS512 and ES256 a public key");
        if (client is not null)
        {
            var same = client.Algorithm == add.Algorithm && client.PublicKey == add.PublicKey && client.RequireExpiry == add.RequireExpiry
                && (add.SecretId is null || client.LiveSecrets.Contains(add.SecretId));
            return same
                ? Decision.Nothing
                : Decision.Reject("the client is registered already: `ledger client rotate` gives it a new secret");
        }
        var registered = new ClientRegistered(add.Client, add.Algorithm, add.RequireExpiry, add.PublicKey)
        {
            Actor = add.Actor,
            Reason = add.Reason,
        };
        return add.SecretId is null
            ? Decision.Of(registered)
            : Decision.Of(registered, new ClientSecretIssued(add.Client, add.SecretId) { Actor = add.Actor, Reason = add.Reason });
    }

    private static Decision Issue(ApiClient client, IssueSecret issue)
    {
        if (client.PublicKey is not null)
            return Decision.Reject("the client signs with its own key and has no secret to rotate");
        if (client.LiveSecrets.Contains(issue.SecretId))
            return Decision.Nothing;
        var retired = client.LiveSecrets.SkipLast(1).Select(id => Retired(client.ClientId, id, issue));
        return Decision.Of([
            .. retired, new ClientSecretIssued(issue.Client, issue.SecretId) { Actor = issue.Actor, Reason = issue.Reason },
        ]);
    }

    private static ClientSecretRetired Retired(string client, string secretId, RegistryCommand because) =>
        new(client, secretId) { Actor = because.Actor, Reason = because.Reason };
}
