using System.CommandLine;
using Ledger.Projections.Registry;
using Ledger.Registry;

namespace Ledger.Cli.Registry;

/// <summary>The options of <c>ledger bot set</c> for the bot's own rate limits.</summary>
internal sealed class BotLimitOptions
{
    private readonly Option<int?> _submitsPerMinute = Make("--submits-per-minute", "Submissions for the bot per UTC minute");
    private readonly Option<int?> _submitsPerHour = Make("--submits-per-hour", "Submissions for the bot per UTC hour");
    private readonly Option<int?> _pollsPerMinute = Make("--polls-per-minute", "Polls of each of its jobs per UTC minute");
    private readonly Option<int?> _pollsPerHour = Make("--polls-per-hour", "Polls of each of its jobs per UTC hour");

    public static BotLimitOptions AddTo(Verb verb)
    {
        var options = new BotLimitOptions();
        foreach (var option in (Option[])
            [options._submitsPerMinute, options._submitsPerHour, options._pollsPerMinute, options._pollsPerHour])
            verb.Add(option);
        return options;
    }

    /// <summary>Sets the limits that are named, if any is.</summary>
    public async Task ExecuteAsync(ParseResult parsed, OpenDatabase database, string bot, RecordedBy by, CancellationToken cancel)
    {
        var limits = new BotLimits(
            parsed.GetValue(_submitsPerMinute), parsed.GetValue(_submitsPerHour), parsed.GetValue(_pollsPerMinute),
            parsed.GetValue(_pollsPerHour));
        if (limits == new BotLimits(null, null, null, null))
            return;
        CommandException.ThrowIf(await database.Registry.ExecuteAsync(
            bot, new SetBotLimits(bot, limits, by.Actor(parsed), by.Reason(parsed)), cancel));
    }

    /// <summary>A bot's own limits in a few words.</summary>
    public static string Text(BotLimits? limits)
    {
        (int? Limit, string Of)[] all =
        [
            (limits?.SubmitsPerMinute, "submits/min"), (limits?.SubmitsPerHour, "submits/h"), (limits?.PollsPerMinute, "polls/min"),
            (limits?.PollsPerHour, "polls/h"),
        ];
        return string.Join(", ", all.Where(one => one.Limit is not null).Select(one => $"{one.Limit} {one.Of}")) is { Length: > 0 } text
            ? text
            : "-";
    }

    private static Option<int?> Make(string name, string what) =>
        new(name) { Description = $"{what}; 0: as `ledger serve` has it.", HelpName = "N" };
}
