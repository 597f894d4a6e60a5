using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Registry;
using Ledger.Engine;
using Ledger.Projections.Registry;
using Ledger.Registry;

namespace Ledger.Tests.Registry;

public sealed class RegistryDecisionsTests
{
    private static readonly DateTimeOffset s_at = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly AddBot s_addBot = new("st-1", "owner@example.com", s_at, 30, "night", "ada", "ticket 7");
    private static readonly AddClient s_addClient = new("cs-1", TokenAlgorithm.HS256, null, false, "s-1", "ada", null);

    [Fact]
    public void Repeating_any_command_on_a_bot_appends_nothing() =>
        RepeatingAppendsNothing<Bot>(
            Gen.OneOf<RegistryCommand>(
                from mail in Gen.Elements(null, "a@example.com", "b@example.com")
                from days in Gen.Elements<int?>(null, 0, 1, 30)
                from at in Gen.Choose(0, 2)
                select (RegistryCommand)new AddBot("st-1", mail, s_at.AddDays(at), days, "night", "ada", null),
                from mail in Gen.Elements(null, "a@example.com", "b@example.com")
                from days in Gen.Elements<int?>(null, 0, 1, 30)
                from window in Gen.Elements(null, "night", "day")
                from webhook in Gen.Elements(null, "", "https://example.com/hook")
                from at in Gen.Choose(0, 2)
                select (RegistryCommand)
                    new ChangeBot("st-1", mail, at == 0 ? null : s_at.AddTicks(at), days, window, "ada", null, WebhookUrl: webhook),
                from webhook in Gen.Elements("https://example.com/hook", "https://example.com/other")
                select (RegistryCommand)new DisableWebhook("st-1", webhook, "ledger", null),
                from client in Gen.Elements("cs-1", "cs-2")
                from scopes in Gen.Elements(Enum.GetValues<Scope>()).ListOf().Resize(4)
                select (RegistryCommand)new GrantClient("st-1", client, [.. scopes], "ada", null),
                from client in Gen.Elements("cs-1", "cs-2")
                select (RegistryCommand)new RevokeGrant("st-1", client, "ada", null),
                from minute in Gen.Elements<int?>(null, 0, 10)
                from hour in Gen.Elements<int?>(null, 0, 100)
                select (RegistryCommand)new SetBotLimits("st-1", new BotLimits(minute, hour, hour, minute), "ada", null)
            ),
            RegistryDecisions.Decide,
            BotFold.Apply,
            _ => { }
        );

    [Fact]
    public void The_owners_mail_and_the_webhook_are_checked_kept_by_other_changes_and_taken_away_when_they_are_empty()
    {
        Assert.Contains(
            "mail address", RegistryDecisions.Decide((Bot?)null, s_addBot with { OwnerMail = "owner" }).Rejection!.Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "https://",
            RegistryDecisions.Decide((Bot?)null, s_addBot with { WebhookUrl = "http://example.com" }).Rejection!.Message,
            StringComparison.Ordinal
        );
        var bot = BotFold.Apply(
            null, RegistryDecisions.Decide((Bot?)null, s_addBot with { WebhookUrl = "https://example.com" }).Events.Single());
        bot = BotFold.Apply(bot, RegistryDecisions.Decide(bot, new ChangeBot("st-1", null, null, 7, null, "ada", null)).Events.Single());
        Assert.Equal(("owner@example.com", "https://example.com"), (bot.OwnerMail, bot.WebhookUrl));
        bot = BotFold.Apply(
            bot, RegistryDecisions.Decide(bot, new ChangeBot("st-1", "", null, null, null, "ada", null, WebhookUrl: "")).Events.Single());
        Assert.Equal((null, null), (bot.OwnerMail, bot.WebhookUrl));
    }

    [Fact]
    public void A_webhook_that_is_disabled_is_none_until_it_is_set_anew_and_another_one_is_left_alone()
    {
        var bot = Bot(s_addBot with { WebhookUrl = "https://example.com/hook" });
        var disable = new DisableWebhook("st-1", "https://example.com/hook", "ledger", "gone");
        Assert.Empty(RegistryDecisions.Decide(bot, disable with { WebhookUrl = "https://example.com/before" }).Events);
        Rejected("there is no such bot", RegistryDecisions.Decide((Bot?)null, disable));
        var disabled = RegistryDecisions.Decide(bot, disable);
        Assert.Equal([new WebhookDisabled("st-1", "https://example.com/hook") { Actor = "ledger", Reason = "gone" }], disabled.Events);
        bot = BotFold.Apply(bot, disabled.Events.Single());
        Assert.Equal((null, "https://example.com/hook"), (bot.WebhookUrl, bot.DisabledWebhookUrl));
        bot = Changed(bot, new ChangeBot("st-1", null, null, 7, null, "ada", null));
        Assert.Equal((null, "https://example.com/hook"), (bot.WebhookUrl, bot.DisabledWebhookUrl));
        bot = Changed(bot, new ChangeBot("st-1", null, null, null, null, "ada", null, WebhookUrl: "https://example.com/hook"));
        Assert.Equal(("https://example.com/hook", null), (bot.WebhookUrl, bot.DisabledWebhookUrl));

        static Bot Changed(Bot bot, ChangeBot change) =>
            BotFold.Apply(bot, RegistryDecisions.Decide(bot, change).Events.Single());
    }

    [Fact]
    public void A_pause_is_recorded_once_with_its_reason_and_its_end_once_and_a_change_of_settings_keeps_it()
    {
        var bot = Bot(s_addBot);
        var (pause, resume) = (new PauseDeletions("st-1", "ada", "why"), new ResumeDeletions("st-1", "eve", null));
        Assert.Empty(RegistryDecisions.Decide(bot, resume).Events);
        var paused = RegistryDecisions.Decide(bot, pause);
        Assert.Equal([new DeletionsPaused("st-1") { Actor = "ada", Reason = "why" }], paused.Events);
        bot = BotFold.Apply(bot, paused.Events.Single());
        Assert.Equal(new DeletionPause("ada", "why"), bot.Pause);
        Assert.Empty(RegistryDecisions.Decide(bot, pause with { Reason = "another" }).Events);
        bot = BotFold.Apply(
            bot, RegistryDecisions.Decide(bot, new ChangeBot("st-1", null, null, 7, null, "ada", null)).Events.Single());
        Assert.NotNull(bot.Pause);
        var resumed = RegistryDecisions.Decide(bot, resume);
        Assert.Equal([new DeletionsResumed("st-1") { Actor = "eve" }], resumed.Events);
        Assert.Null(BotFold.Apply(bot, resumed.Events.Single()).Pause);
        Rejected("there is no such bot", RegistryDecisions.Decide((Bot?)null, pause));
        Rejected("there is no such bot", RegistryDecisions.Decide((Bot?)null, resume));
    }

    [Fact]
    public void A_pause_of_all_bots_is_in_no_bots_stream()
    {
        var bot = Bot(s_addBot);
        Assert.Throws<InvalidOperationException>(() => BotFold.Apply(bot, new DeletionsPaused { Actor = "ada" }));
        Assert.Throws<InvalidOperationException>(() => BotFold.Apply(bot, new DeletionsResumed { Actor = "ada" }));
        Assert.Throws<InvalidOperationException>(() => BotFold.Apply(null, new DeletionsPaused("st-1") { Actor = "ada" }));
        Assert.Equal(new DeletionPause("ada", null), PauseFold.Apply(new DeletionsPaused { Actor = "ada" }));
        Assert.Null(PauseFold.Apply(new DeletionsResumed { Actor = "ada" }));
        Assert.Throws<InvalidOperationException>(() => PauseFold.Apply(new WebhookDisabled("st-1", "u") { Actor = "ada" }));
    }

    [Fact]
    public void An_owners_mail_that_no_mail_can_reach_is_not_recorded_and_one_that_was_is_kept_by_other_changes()
    {
        foreach (var mail in new[] { "m\u00fcller@example.org", "\"a b\"@example.org", $"{new string('a', 65)}@example.org", "owner" })
        {
            Rejected("the owner's mail address cannot be used: ", RegistryDecisions.Decide((Bot?)null, s_addBot with { OwnerMail = mail }));
            Rejected("the owner's mail address cannot be used: ",
                RegistryDecisions.Decide(Bot(s_addBot), new ChangeBot("st-1", mail, null, null, null, "ada", null)));
            var recorded = Bot(s_addBot) with { OwnerMail = mail };
            Assert.Single(RegistryDecisions.Decide(recorded, new ChangeBot("st-1", null, null, 7, null, "ada", null)).Events);
        }
    }

    [Fact]
    public void Repeating_any_command_on_a_client_appends_nothing_it_never_has_more_than_two_secrets_and_none_once_revoked() =>
        RepeatingAppendsNothing<ApiClient>(
            Gen.OneOf<RegistryCommand>(
                from secret in Gen.Elements(null, "s-1")
                from expiry in Gen.Elements(true, false)
                select (RegistryCommand)
                    new AddClient(
                        "cs-1", secret is null ? TokenAlgorithm.ES256 : TokenAlgorithm.HS256, secret is null ? "PEM" : null, expiry, secret,
                        "ada", null),
                from n in Gen.Choose(1, 1000)
                select (RegistryCommand)new IssueSecret("cs-1", $"s-{n}", "ada", null),
                Gen.Constant<RegistryCommand>(new RetireOldSecrets("cs-1", "ada", null)),
                Gen.Elements<RegistryCommand>(new GrantLedgerAudit("cs-1", "ada", null), new RevokeLedgerAudit("cs-1", "ada", null)),
                Gen.Frequency(
                    (1, Gen.Constant<RegistryCommand>(new RevokeClient("cs-1", "ada", null))),
                    (3, Gen.Constant<RegistryCommand>(new RetireOldSecrets("cs-1", "ada", null))))
            ),
            RegistryDecisions.Decide,
            ApiClientFold.Apply,
            client => Assert.InRange(client.LiveSecrets.Count, client.PublicKey is null && !client.Revoked ? 1 : 0, client.Revoked ? 0 : 2)
        );

    [Fact]
    public void Repeating_a_windows_definition_appends_nothing() => RepeatingAppendsNothing<DeletionWindow>(
        from cron in Gen.Elements("0 0 18 * * ?", "0 0 19 * * ?")
        from lanes in Gen.Choose(1, 3)
        select (RegistryCommand)new DefineWindow("night", cron, "UTC", 28_800, lanes, "ada", null),
        RegistryDecisions.Decide, DeletionWindowFold.Apply, _ => { });

    private static void RepeatingAppendsNothing<T>(
        Gen<RegistryCommand> commands, Func<T?, RegistryCommand, Decision<RegistryEvent>> decide, Func<T?, RegistryEvent, T> apply,
        Action<T> holds)
        where T : class =>
        Prop.ForAll(
                commands.ListOf().ToArbitrary(),
                sequence =>
                {
                    T? document = null;
                    foreach (var command in sequence)
                    {
                        var decision = decide(document, command);
                        Assert.True(decision.Rejection is null || decision.Events.Count == 0);
                        document = decision.Events.Aggregate(document, apply);
                        Assert.Empty(decide(document, command).Events);
                        if (document is not null)
                            holds(document);
                    }
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess(true));

    [Fact]
    public void A_bot_is_registered_once_and_changed_by_changing_it()
    {
        var bot = Bot(s_addBot);
        Assert.Equal(
            ("st-1", "owner@example.com", s_at, 30, "night"), (bot.BotId, bot.OwnerMail, bot.CreatedAt, bot.RetentionDays, bot.Window));
        Rejected("the bot is registered already", RegistryDecisions.Decide(bot, s_addBot with { RetentionDays = 31 }));
        Assert.Equal(31, Bot(s_addBot, new ChangeBot("st-1", null, null, 31, null, "ada", null)).RetentionDays);
        var forEver = Bot(s_addBot, new ChangeBot("st-1", null, null, 0, "day", "ada", null));
        Assert.Equal((null, "day", "owner@example.com"), (forEver.RetentionDays, forEver.Window, forEver.OwnerMail));
    }

    [Fact]
    public void Events_say_who_did_it_and_why()
    {
        var registered = Assert.Single(RegistryDecisions.Decide((Bot?)null, s_addBot).Events);
        Assert.Equal(("ada", "ticket 7"), (registered.Actor, registered.Reason));
    }

    [Fact]
    public void A_bots_settings_are_checked()
    {
        Rejected("a bot id has 1 to 128 characters", RegistryDecisions.Decide((Bot?)null, s_addBot with { Bot = " " }));
        foreach (var dots in new[] { ".", ".." })
            Rejected("a bot cannot be named '.' or '..'", RegistryDecisions.Decide((Bot?)null, s_addBot with { Bot = dots }));
        foreach (var named in new[] { "...", ".a", "a..", string.Concat(Enumerable.Repeat("😀", 128)) })
            Assert.Single(RegistryDecisions.Decide((Bot?)null, s_addBot with { Bot = named }).Events);
        Rejected("retention is 1 to 36500 days", RegistryDecisions.Decide((Bot?)null, s_addBot with { RetentionDays = 0 }));
        Rejected("retention is 1 to 36500 days", RegistryDecisions.Decide((Bot?)null, s_addBot with { RetentionDays = 36_501 }));
        Rejected(
            "retention is 1 to 36500 days",
            RegistryDecisions.Decide(Bot(s_addBot), new ChangeBot("st-1", null, null, -1, null, "ada", null)));
        foreach (
            var command in new RegistryCommand[]
            {
                new ChangeBot("st-1", null, null, 1, null, "ada", null),
                new GrantClient("st-1", "cs-1", [Scope.LogsHistory], "ada", null),
                new RevokeGrant("st-1", "cs-1", "ada", null),
            }
        )
            Rejected("there is no such bot", RegistryDecisions.Decide((Bot?)null, command));
    }

    [Fact]
    public void A_bots_creation_is_neither_in_the_future_nor_after_its_first_conversation_and_one_that_stays_is_not_judged()
    {
        var (now, first) = (s_at.AddDays(10), s_at.AddDays(5));
        ChangeBot Set(DateTimeOffset? createdAt) => new("st-1", null, createdAt, 7, null, "ada", null);
        var future = s_addBot with { CreatedAt = now.AddMilliseconds(1) };
        Rejected("must not be in the future: it is 2020-01-11T00:00:00.000Z now", RegistryDecisions.Decide(null, future, new(now, null)));
        Rejected("must not be in the future", RegistryDecisions.Decide(Bot(s_addBot), Set(now.AddYears(4)), new(now, first)));
        foreach (var late in new[] { first.AddMilliseconds(1), now })
        {
            const string Why = "first conversation, which started at 2020-01-06T00:00:00.000Z";
            Rejected(Why, RegistryDecisions.Decide(null, s_addBot with { CreatedAt = late }, new(now, first)));
            Rejected(Why, RegistryDecisions.Decide(Bot(s_addBot), Set(late), new(now, first)));
        }
        Assert.Single(RegistryDecisions.Decide(null, s_addBot with { CreatedAt = now }, new(now, null)).Events);
        Assert.Single(RegistryDecisions.Decide(null, s_addBot with { CreatedAt = first }, new(now, first)).Events);
        Assert.Single(RegistryDecisions.Decide(Bot(s_addBot), Set(first), new(now, first)).Events);

        // Recorded before this was asked: other settings can be changed, and the creation be mended.
        var wrong = Bot(s_addBot with { CreatedAt = now.AddYears(4) });
        Assert.Single(RegistryDecisions.Decide(wrong, Set(null), new(now, first)).Events);
        Assert.Single(RegistryDecisions.Decide(wrong, Set(first), new(now, first)).Events);
    }

    [Fact]
    public void A_grant_replaces_the_one_before_and_can_be_taken_away()
    {
        var first = new GrantClient("st-1", "cs-1", [Scope.LogsHistory, Scope.DeleteConversations, Scope.LogsHistory], "ada", null);
        var other = new GrantClient("st-1", "cs-2", [Scope.LedgerAudit], "ada", null);
        Assert.Equal([Scope.DeleteConversations, Scope.LogsHistory], Bot(s_addBot, first, other).Grants["cs-1"]);
        Assert.Equal([Scope.LegalHolds], Bot(s_addBot, first, first with { Scopes = [Scope.LegalHolds] }).Grants["cs-1"]);
        Assert.Equal(["cs-2"], Bot(s_addBot, first, other, new RevokeGrant("st-1", "cs-1", "ada", null)).Grants.Keys);
        Rejected("name at least one scope", RegistryDecisions.Decide(Bot(s_addBot), first with { Scopes = [] }));
    }

    [Fact]
    public void A_third_secret_retires_the_oldest_and_rotation_ends_with_the_newest()
    {
        var rotated = Client(s_addClient, new IssueSecret("cs-1", "s-2", "ada", null));
        Assert.Equal(["s-1", "s-2"], rotated.LiveSecrets);
        Assert.Equal(
            ["s-2", "s-3"],
            Client(s_addClient, new IssueSecret("cs-1", "s-2", "ada", null), new IssueSecret("cs-1", "s-3", "ada", null)).LiveSecrets);
        Assert.Equal(
            ["s-2"],
            Client(s_addClient, new IssueSecret("cs-1", "s-2", "ada", null), new RetireOldSecrets("cs-1", "ada", null)).LiveSecrets);
    }

    [Fact]
    public void A_revoked_client_stays_revoked()
    {
        var revoked = Client(s_addClient, new RevokeClient("cs-1", "ada", "leaked"));
        Assert.True(revoked.Revoked);
        Assert.Empty(revoked.LiveSecrets);
        foreach (
            var command in new RegistryCommand[] { new IssueSecret("cs-1", "s-2", "ada", null), new RetireOldSecrets("cs-1", "ada", null) })
            Rejected("the client was revoked for good", RegistryDecisions.Decide(revoked, command));
        Rejected("registered already", RegistryDecisions.Decide(revoked, s_addClient));
    }

    [Fact]
    public void A_client_has_either_secrets_or_a_key_of_its_own()
    {
        var own = s_addClient with { Algorithm = TokenAlgorithm.ES256, PublicKey = "PEM", SecretId = null };
        Rejected("HS256 and HS512 take a secret", RegistryDecisions.Decide((ApiClient?)null, s_addClient with { PublicKey = "PEM" }));
        Rejected("HS256 and HS512 take a secret", RegistryDecisions.Decide((ApiClient?)null, own with { PublicKey = null }));
        Rejected(
            "HS256 and HS512 take a secret",
            RegistryDecisions.Decide((ApiClient?)null, s_addClient with { Algorithm = TokenAlgorithm.RS256 }));
        Rejected(
            "HS256 and HS512 take a secret", RegistryDecisions.Decide((ApiClient?)null, own with { Algorithm = TokenAlgorithm.HS512 }));
        Rejected("signs with its own key", RegistryDecisions.Decide(Client(own), new IssueSecret("cs-1", "s-2", "ada", null)));
        Rejected("a client id has 1 to 128 characters", RegistryDecisions.Decide((ApiClient?)null, s_addClient with { Client = "\n" }));
        Rejected("there is no such client", RegistryDecisions.Decide((ApiClient?)null, new RevokeClient("cs-1", "ada", null)));
    }

    private static void Rejected(string why, Decision<RegistryEvent> decision)
    {
        Assert.Empty(decision.Events);
        Assert.Contains(why, decision.Rejection?.Message, StringComparison.Ordinal);
    }

    private static Bot Bot(params RegistryCommand[] commands) => Given<Bot>(commands, RegistryDecisions.Decide, BotFold.Apply);

    private static ApiClient Client(params RegistryCommand[] commands) =>
        Given<ApiClient>(commands, RegistryDecisions.Decide, ApiClientFold.Apply);

    private static T Given<T>(
        RegistryCommand[] commands, Func<T?, RegistryCommand, Decision<RegistryEvent>> decide, Func<T?, RegistryEvent, T> apply)
        where T : class =>
        commands.Aggregate(
            (T?)null,
            (document, command) =>
            {
                var decision = decide(document, command);
                Assert.Null(decision.Rejection?.Message);
                return decision.Events.Aggregate(document, apply);
            }
        )!;
}
