using Ledger.Contracts;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Ledger.Windows;

namespace Ledger.Cli.Registry;

/// <summary><c>ledger bot add|list|set</c></summary>
internal static class BotCommand
{
    public static Verb Verb() =>
        new Verb(
            "bot", "The bots whose conversations may be deleted.",
            "ledger bot add st-1 --owner-mail owner@example.com\nledger bot list") { Add(), List(), Set() };

    private static Verb Add()
    {
        var verb = new Verb(
            "add",
            "Registers a bot. Repeating it with the same settings changes nothing.",
            "ledger bot add st-1 --owner-mail owner@example.com --created 2024-03-01 --retention-days 400\nledger bot add st-2 --webhook "
            + "https://example.com/hook",
            "--created is when the platform made the bot: a deletion by cId without startDate reaches back to it (or to the channel "
            + "user's creation,\n"
            + "if that is later). It must be neither in the future nor after the bot's first conversation.\n"
            + "Once set, change it with `ledger bot set`.");
        var settings = new BotSettings(verb, "now");
        settings.Window.DefaultValueFactory = _ => Window.Default.Name;
        verb.SetAction(
            async (parsed, cancel) =>
            {
                await using var database = await settings.OpenAsync(parsed, cancel);
                var bot = parsed.GetValue(settings.Bot)!;
                await settings.ExecuteAsync(
                    parsed,
                    database,
                    new AddBot(
                        bot, settings.OwnerMailOf(parsed) is { Length: > 0 } mail ? mail : null,
                        parsed.GetValue(settings.Created) ?? TimeProvider.System.GetUtcNow(), parsed.GetValue(settings.RetentionDays),
                        parsed.GetValue(settings.Window)!, settings.By.Actor(parsed), settings.By.Reason(parsed),
                        parsed.GetValue(settings.KeyRetentionDays), settings.WebhookOf(parsed) is { Length: > 0 } url ? url : null),
                    "The bot is registered.",
                    cancel
                );
                Terminal.Of(parsed).Note("Next: `ledger client add CLIENT --bot BOT --scope delete-conversations`");
            }
        );
        return verb;
    }

    private static Verb Set()
    {
        var verb = new Verb(
            "set",
            "Changes a bot's settings; what is not named stays as it is.",
            "ledger bot set st-1 --retention-days 0 --reason 'contract of May'\nledger bot set st-1 --webhook none",
            "Jobs that wait follow the bot to another window within seconds. One that is at work goes on until its window closes. A "
            + "webhook's\n"
            + "secret is shown once, when the webhook is set; for another secret, set the webhook to none and then anew. A webhook whose\n"
            + "receiver answered 410 (Gone) is disabled until it is set anew.");
        var settings = new BotSettings(verb, "unchanged");
        var limits = BotLimitOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                await using var database = await settings.OpenAsync(parsed, cancel);
                await settings.ExecuteAsync(
                    parsed,
                    database,
                    new ChangeBot(
                        parsed.GetValue(settings.Bot)!, settings.OwnerMailOf(parsed), parsed.GetValue(settings.Created),
                        parsed.GetValue(settings.RetentionDays), parsed.GetValue(settings.Window), settings.By.Actor(parsed),
                        settings.By.Reason(parsed), parsed.GetValue(settings.KeyRetentionDays), settings.WebhookOf(parsed)),
                    "The bot's settings are recorded.",
                    cancel
                );
                await limits.ExecuteAsync(parsed, database, parsed.GetValue(settings.Bot)!, settings.By, cancel);
            }
        );
        return verb;
    }

    private static Verb List()
    {
        var verb = new Verb("list", "Shows the bots and who may act for them.", "ledger bot list");
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel);
            await using var connection = await opened.Source.OpenConnectionAsync(cancel);
            var bots = await Documents.AllAsync(connection, DocumentJson.Default.Bot, cancel);
            Terminal.Of(parsed).Table(
                ["bot", "owner", "created", "retention", "key retention", "window", "webhook", "limits", "paused", "clients"],
                [.. bots.OrderBy(bot => bot.BotId, StringComparer.Ordinal).Select(bot => (string[])
                [
                    bot.BotId, bot.OwnerMail ?? "-", Instant.Text(bot.CreatedAt), Days(bot.RetentionDays), Days(bot.KeyRetentionDays),
                    bot.Window, Webhook(bot), BotLimitOptions.Text(bot.Limits), PauseCommand.Text(bot.Pause),
                    bot.Grants.Count == 0 ? "-" : string.Join(", ", bot.Grants.Keys.Order(StringComparer.Ordinal)),
                ])],
                "There is no bot yet: `ledger bot add BOT`");
            if ((await DeletionPauses.WholeAsync(connection, cancel)).Pause is { } pause)
                Terminal.Of(parsed).Note($"The deletions of all bots are paused, {PauseCommand.Text(pause)}: `ledger resume` ends that.");
        });
        return verb;
    }

    private static string Webhook(Bot bot) => bot switch
    {
        { WebhookUrl: { } url } => url,
        { DisabledWebhookUrl: { } url } => $"{url} (disabled)",
        _ => "-",
    };

    private static string Days(int? days) => days is null ? "for ever" : $"{days} days";
}
