using System.CommandLine;
using Ledger.Contracts;
using Ledger.Notifications;

namespace Ledger.Cli;

/// <summary><c>ledger notifications</c></summary>
internal static class NotificationsCommand
{
    private const string All = "all";
    public static Verb Verb()
    {
        var verb = new Verb(
            "notifications", "Lists the mails and webhook messages about ended jobs, newest first; --retry sends again what failed.",
            "ledger notifications --undelivered\nledger notifications --retry all",
            "What fails is tried ten times within three days and a bit, then given up. --retry begins anew, at once, to where the bot's settings say now.");
        var bot = new Option<string?>("--bot") { Description = "Only this bot's.", HelpName = "BOT" };
        var undelivered = new Option<bool>("--undelivered") { Description = "Only those that are not sent: waiting, to be tried again, or given up." };
        var retry = new Option<string[]>("--retry") { Description = $"Send this one again, or '{All}' that were given up. Repeat it for several.", HelpName = "ID" };
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 10000.", HelpName = "N", DefaultValueFactory = _ => 50 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number is < 1 or > 10_000)
                result.AddError("--limit must be from 1 to 10000");
        });
        retry.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value != All && !Guid.TryParseExact(token.Value, "D", out _)))
                result.AddError($"--retry takes the id that `ledger notifications` shows, or '{All}'");
        });
        verb.Add(bot);
        verb.Add(undelivered);
        verb.Add(retry);
        verb.Add(limit);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel);
            await NamedBot.RequireAsync(opened, parsed.GetValue(bot), cancel);
            var notifications = new NotificationReader(opened.Source);
            string[]? bots = parsed.GetValue(bot) is { } one ? [one] : null;
            if (parsed.GetValue(retry) is { Length: > 0 } ids)
                await RetryAsync(Terminal.Of(parsed), notifications, ids, bots, cancel);
            else
                await ListAsync(Terminal.Of(parsed), notifications, bots, parsed.GetValue(undelivered), parsed.GetValue(limit), cancel);
        });
        return verb;
    }

    private static async Task ListAsync(Terminal terminal, NotificationReader notifications, string[]? bots, bool undelivered, int limit, CancellationToken cancel)
    {
        var page = await notifications.ListAsync(bots, undelivered, limit, after: null, cancel);
        terminal.Table(
            ["id", "kind", "job", "bot", "to", "state", "attempts", "at", "last error"],
            [.. page.Entries.Select(entry => (string[])
            [
                entry.Id.ToString(), Notification.Word(entry.Kind), entry.Job.ToString(), entry.Bot, entry.Recipient, Word(entry.State), $"{entry.Attempts}",
                Instant.Text((entry.SentAt ?? entry.GivenUpAt ?? entry.NextAttemptAt)!.Value), entry.LastError ?? "-",
            ])],
            "There is no such notification.");
    }

    private static string Word(NotificationState state) => state switch
    {
        NotificationState.Waiting => "waiting",
        NotificationState.Retrying => "retrying",
        NotificationState.Sent => "sent",
        NotificationState.GivenUp => "given up",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    private static async Task RetryAsync(Terminal terminal, NotificationReader notifications, string[] ids, string[]? bots, CancellationToken cancel)
    {
        var again = 0;
        if (ids.Contains(All))
            again += await notifications.RetryAsync(ids: null, bots, cancel);
        if (ids.Where(id => id != All).Select(Guid.Parse).ToArray() is { Length: > 0 } named)
            again += await notifications.RetryAsync(named, bots, cancel);
        if (again == 0)
            throw new CommandException("there is nothing to send again: what was sent, or was never there, is not (`ledger notifications --undelivered` shows what is not sent)");
        terminal.Line($"Sent again at once: {again}.");
    }
}
