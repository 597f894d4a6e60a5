using System.CommandLine;
using Ledger.Projections.Registry;

namespace Ledger.Cli.Registry;

/// <summary><c>ledger pause</c> and <c>ledger resume</c></summary>
internal static class PauseCommand
{
    public static Verb Pause()
    {
        var verb = new Verb(
            "pause", "Pauses the deletions of a bot, or of all bots.",
            "ledger pause --bot st-1 --reason 'a claim is being looked into'\nledger pause --reason 'the store is being moved'",
            "The batch that is at work ends, and no further one begins: the command waits for that. Submissions are recorded and planned\n"
            + "as always. The pause is recorded with its reason, in the bot's stream, or in the ledger's own for all bots. To pause again\n"
            + "records nothing. `ledger resume` ends it.");
        var bot = Bot(verb, "The bot. By default all bots.");
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var reason = by.Reason(parsed)
                ?? throw CommandException.Usage("say why, for the record: --reason 'a claim is being looked into'");
            await using var opened = await database.OpenAsync(parsed, cancel);
            CommandException.ThrowIf(await opened.Pauses.PauseAsync(parsed.GetValue(bot), by.Actor(parsed), reason, cancel));
            Terminal.Of(parsed).Line($"{What(parsed.GetValue(bot))} are paused. No batch is at work.");
        });
        return verb;
    }

    public static Verb Resume()
    {
        var verb = new Verb(
            "resume", "Ends a pause of the deletions of a bot, or of all bots.",
            "ledger resume --bot st-1\nledger resume --reason 'the store is moved'",
            "A bot that was paused by its name stays paused when the pause of all bots ends, and the other way round. Jobs go on within\n"
            + "seconds. One whose opening ended meanwhile is planned into the next one. To resume what is not paused records nothing.");
        var bot = Bot(verb, "The bot. By default the pause of all bots is ended.");
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel);
            CommandException.ThrowIf(
                await opened.Pauses.ResumeAsync(parsed.GetValue(bot), by.Actor(parsed), by.Reason(parsed), cancel));
            Terminal.Of(parsed).Line($"{What(parsed.GetValue(bot))} are not paused.");
        });
        return verb;
    }

    /// <summary>A pause in words: the person and the reason.</summary>
    public static string Text(DeletionPause? pause) =>
        pause is null ? "-" : pause.Reason is { } reason ? $"by {pause.Actor}: {reason}" : $"by {pause.Actor}";

    private static Option<string?> Bot(Verb verb, string description)
    {
        var bot = new Option<string?>("--bot") { Description = description, HelpName = "BOT" };
        verb.Add(bot);
        return bot;
    }

    private static string What(string? bot) => bot is null ? "The deletions of all bots" : $"The deletions of the bot {bot}";
}
