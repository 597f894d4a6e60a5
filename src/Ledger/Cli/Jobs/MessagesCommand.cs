using System.CommandLine;
using Ledger.Cli.Registry;
using Ledger.Contracts;
using Ledger.Notifications;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger messages</c></summary>
internal static class MessagesCommand
{
    private const string All = "all";

    /// <summary>The verb.</summary>
    public static Verb Verb()
    {
        var verb = new Verb(
            "messages",
            "Lists mails and webhook messages about ended jobs, newest first, and what else was given up; --retry sends again what failed.",
            "ledger messages --undelivered\nledger messages --retry all",
            "What fails is tried ten times within three days and a bit, then given up. "
                + "--retry begins anew, at once, to where the bot's settings say now. A running service sends it.");
        var bot = new Option<string?>("--bot") { Description = "Only this bot's.", HelpName = "BOT" };
        var undelivered = new Option<bool>("--undelivered")
        {
            Description = "Only those that are not sent: waiting, to be tried again, or given up.",
        };
        var retry = new Option<string[]>("--retry")
        {
            Description = $"Handle this one again, or '{All}' that were given up. Repeat it for several.",
            HelpName = "ID",
        };
        retry.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value != All && !Guid.TryParseExact(token.Value, "D", out _)))
                result.AddError($"--retry takes the id that `ledger messages` shows, or '{All}'");
        });
        var limit = Limit();
        verb.Add(bot);
        verb.Add(undelivered);
        verb.Add(retry);
        verb.Add(limit);
        var by = RecordedBy.AddActorTo(verb);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel);
            await NamedBot.RequireAsync(opened, parsed.GetValue(bot), cancel);
            var stored = new Stored(new(opened.Source), new(opened.Source), new(opened.Source));
            string[]? bots = parsed.GetValue(bot) is { } one ? [one] : null;
            if (parsed.GetValue(retry) is { Length: > 0 } ids)
                await RetryAsync(Terminal.Of(parsed), stored, ids, bots, by.Actor(parsed), cancel);
            else
                await ListAsync(Terminal.Of(parsed), stored, bots, parsed.GetValue(undelivered), parsed.GetValue(limit), cancel);
        });
        return verb;
    }

    private static Option<int> Limit()
    {
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many, 1 to 10000.",
            HelpName = "N",
            DefaultValueFactory = _ => 50,
        };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number is < 1 or > 10_000)
                result.AddError("--limit must be from 1 to 10000");
        });
        return limit;
    }

    /// <summary>Lists dead letters first, which nobody expects, and then the deliveries.</summary>
    private static async Task ListAsync(
        Terminal terminal, Stored stored, string[]? bots, bool undelivered, int limit, CancellationToken cancel)
    {
        IReadOnlyList<DeadLetter> dead = bots is null ? await stored.DeadLetters.ListAsync(limit, cancel) : [];
        var page = await stored.Deliveries.ListAsync(bots, undelivered, limit, after: null, cancel);
        terminal.Table(
            ["id", "kind", "about", "bot", "to", "state", "attempts", "at", "last error", "sent again by"],
            [.. dead.Select(Row), .. page.Entries.Select(Row)],
            "There is no such message.");
    }

    private static string[] Row(DeadLetter letter) =>
    [
        letter.Id.ToString(), letter.Kind, "-", "-", "-", "dead letter", "-", Instant.Text(letter.FailedAt), letter.Failure,
        Again(letter.ReplayedBy, letter.ReplayedAt),
    ];

    private static string[] Row(DeliveryEntry entry) =>
    [
        entry.Id.ToString(), Notification.Word(entry.Kind), entry.About, entry.Bot, entry.Recipient, Word(entry.State),
        $"{entry.Attempts}", Instant.Text((entry.SentAt ?? entry.GivenUpAt ?? entry.NextAttemptAt)!.Value), entry.LastError ?? "-",
        Again(entry.ReplayedBy, entry.ReplayedAt),
    ];

    private static string Again(string? by, DateTimeOffset? at) => by is null ? "-" : $"{by}, {Instant.Text(at!.Value)}";

    private static string Word(DeliveryState state) => state switch
    {
        DeliveryState.Waiting => "waiting",
        DeliveryState.Retrying => "retrying",
        DeliveryState.Sent => "sent",
        DeliveryState.GivenUp => "given up",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    private static async Task RetryAsync(
        Terminal terminal, Stored stored, string[] ids, string[]? bots, string actor, CancellationToken cancel)
    {
        var again = 0;
        if (ids.Contains(All))
            again += await AgainAsync(stored, ids: null, bots, actor, cancel);
        if (ids.Where(id => id != All).Select(Guid.Parse).ToArray() is { Length: > 0 } named)
            again += await AgainAsync(stored, named, bots, actor, cancel);
        if (again == 0)
        {
            throw new CommandException(
                "there is nothing to handle again: what was sent, or never was, is not (`ledger messages --undelivered` shows the rest)");
        }
        terminal.Line($"Handled again at once: {again}.");
    }

    private static async Task<int> AgainAsync(Stored stored, Guid[]? ids, string[]? bots, string actor, CancellationToken cancel) =>
        await stored.Replay.ReplayAsync(ids, bots, actor, cancel)
        + (bots is null ? await stored.DeadLetters.ReplayAsync(ids, actor, cancel) : 0);

    private sealed record Stored(DeliveryReader Deliveries, DeliveryReplay Replay, DeadLetters DeadLetters);
}
