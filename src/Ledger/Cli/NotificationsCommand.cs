using System.CommandLine;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;

namespace Ledger.Cli;

/// <summary><c>ledger notifications</c></summary>
internal static class NotificationsCommand
{
    private const string All = "all";
    private static readonly string ListSql = Sql.Load(typeof(NotificationsCommand), nameof(ListAsync));
    private static readonly string RetrySql = Sql.Load(typeof(NotificationsCommand), nameof(RetryAsync));

    public static Verb Verb()
    {
        var verb = new Verb(
            "notifications", "Lists the mails and webhook messages about ended jobs, newest first; --retry sends again what failed.",
            "ledger notifications --failed\nledger notifications --retry all",
            "What fails is tried ten times within three days and a bit, then given up. --retry begins anew, at once, to where the bot's settings say now.");
        var failed = new Option<bool>("--failed") { Description = "Only those that failed so far, given up or not." };
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
        verb.Add(failed);
        verb.Add(retry);
        verb.Add(limit);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel);
            if (parsed.GetValue(retry) is { Length: > 0 } ids)
                await RetryAsync(Terminal.Of(parsed), opened, ids, cancel);
            else
                Terminal.Of(parsed).Table(Headings, await ListAsync(opened, parsed.GetValue(failed), parsed.GetValue(limit), cancel), "There is no such notification.");
        });
        return verb;
    }

    private static readonly string[] Headings = ["id", "kind", "job", "bot", "to", "state", "attempts", "at", "last error"];

    private static async Task<List<string[]>> ListAsync(OpenDatabase database, bool failedOnly, int limit, CancellationToken cancel)
    {
        await using var command = database.Source.CreateCommand(ListSql);
        command.Parameters.AddWithValue(failedOnly);
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<string[]>();
        while (await reader.ReadAsync(cancel))
        {
            rows.Add(
            [
                reader.GetGuid(0).ToString(), reader.GetString(1), new JobId(reader.GetGuid(2)).ToString(), reader.GetString(3), reader.GetString(4), reader.GetString(5),
                $"{reader.GetInt32(6)}", Instant.Text(reader.GetFieldValue<DateTimeOffset>(7)), await reader.IsDBNullAsync(8, cancel) ? "-" : reader.GetString(8),
            ]);
        }
        return rows;
    }

    private static async Task RetryAsync(Terminal terminal, OpenDatabase database, string[] ids, CancellationToken cancel)
    {
        await using var command = database.Source.CreateCommand(RetrySql);
        command.Parameters.AddWithValue(ids.Contains(All));
        command.Parameters.AddWithValue(ids.Where(id => id != All).Select(Guid.Parse).ToArray());
        var again = await command.ExecuteNonQueryAsync(cancel);
        if (again == 0)
            throw new CommandException("there is nothing to send again: what was sent, or was never there, is not (`ledger notifications --failed` shows what failed)");
        terminal.Line($"Sent again at once: {again}.");
    }
}
