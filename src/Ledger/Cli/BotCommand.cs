using System.CommandLine;
using Ledger.Contracts;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Registry;
using Ledger.Scheduling;

namespace Ledger.Cli;

/// <summary><c>ledger bot add|list|set</c></summary>
internal static class BotCommand
{
    public static Verb Verb() =>
        new Verb("bot", "The bots whose conversations may be deleted.", "ledger bot add st-1 --owner-mail owner@example.com\nledger bot list") { Add(), List(), Set() };

    private static Verb Add()
    {
        var verb = new Verb(
            "add",
            "Registers a bot. Repeating it with the same settings changes nothing.",
            "ledger bot add st-1 --owner-mail owner@example.com --created 2024-03-01 --retention-days 400",
            "--created is when the platform made the bot: a deletion by cId without startDate reaches back to it (or to the channel user's creation,\n"
            + "if that is later), so it must not be later than the bot's first conversation. Once set, change it with `ledger bot set`.");
        var settings = new BotSettings(verb, "now");
        settings.Window.DefaultValueFactory = _ => Window.Default.Name;
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var database = await settings.Database.OpenAsync(parsed, cancel);
            var bot = parsed.GetValue(settings.Bot)!;
            CommandException.ThrowIf(await database.Registry.ExecuteAsync(bot, new AddBot(
                bot, parsed.GetValue(settings.OwnerMail), parsed.GetValue(settings.Created) ?? TimeProvider.System.GetUtcNow(), parsed.GetValue(settings.RetentionDays),
                parsed.GetValue(settings.Window)!, settings.By.Actor(parsed), settings.By.Reason(parsed),
                parsed.GetValue(settings.KeyRetentionDays)), cancel));
            Terminal.Of(parsed).Line("The bot is registered.");
            Terminal.Of(parsed).Note("Next: `ledger client add CLIENT --bot BOT --scope delete-conversations`");
        });
        return verb;
    }

    private static Verb Set()
    {
        var verb = new Verb(
            "set", "Changes a bot's settings; what is not named stays as it is.", "ledger bot set st-1 --retention-days 0 --reason 'contract of May'",
            "Unfinished jobs go by the new settings from their next plan on.");
        var settings = new BotSettings(verb, "unchanged");
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var database = await settings.Database.OpenAsync(parsed, cancel);
            var bot = parsed.GetValue(settings.Bot)!;
            CommandException.ThrowIf(await database.Registry.ExecuteAsync(bot, new ChangeBot(
                bot, parsed.GetValue(settings.OwnerMail), parsed.GetValue(settings.Created), parsed.GetValue(settings.RetentionDays),
                parsed.GetValue(settings.Window), settings.By.Actor(parsed), settings.By.Reason(parsed),
                parsed.GetValue(settings.KeyRetentionDays)), cancel));
            Terminal.Of(parsed).Line("The bot's settings are recorded.");
        });
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
                ["bot", "owner", "created", "retention", "key retention", "window", "clients"],
                [.. bots.OrderBy(bot => bot.BotId, StringComparer.Ordinal).Select(bot => (string[])
                [
                    bot.BotId, bot.OwnerMail ?? "-", Instant.Text(bot.CreatedAt), Days(bot.RetentionDays), Days(bot.KeyRetentionDays), bot.Window,
                    bot.Grants.Count == 0 ? "-" : string.Join(", ", bot.Grants.Keys.Order(StringComparer.Ordinal)),
                ])],
                "There is no bot yet: `ledger bot add BOT`");
        });
        return verb;
    }

    private static string Days(int? days) => days is null ? "for ever" : $"{days} days";

    /// <summary>The arguments and options that add and set share.</summary>
    private sealed class BotSettings
    {
        public BotSettings(Verb verb, string absent)
        {
            Created = OptionValues.Instant("--created", $"When the platform made the bot: an instant or a date. [default: {absent}]");
            verb.Add(Bot);
            verb.Add(OwnerMail);
            verb.Add(Created);
            verb.Add(RetentionDays);
            verb.Add(KeyRetentionDays);
            verb.Add(Window);
            By = RecordedBy.AddTo(verb);
            Database = DatabaseOptions.AddTo(verb);
        }

        public Argument<string> Bot { get; } = new("BOT") { Description = "App or Stream ID, as in the API's paths." };
        public Option<string?> OwnerMail { get; } = new("--owner-mail") { Description = "Who is told when a job is done.", HelpName = "MAIL" };
        public Option<DateTimeOffset?> Created { get; }
        public Option<int?> RetentionDays { get; } = new("--retention-days") { Description = "Conversations that started longer ago are skipped; 0 with set: none are.", HelpName = "N" };
        public Option<int?> KeyRetentionDays { get; } = new("--key-retention")
        {
            Description = "Jobs that ended longer ago are forgotten, as by `ledger forget`; 0 with set: none are.", HelpName = "DAYS",
        };
        public Option<string?> Window { get; } = new("--window") { Description = "The window that the bot's jobs run in.", HelpName = "NAME" };
        public RecordedBy By { get; }
        public DatabaseOptions Database { get; }
    }
}
