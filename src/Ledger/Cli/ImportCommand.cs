using System.CommandLine;
using Ledger.Conversations;
using Ledger.Database;
using Npgsql;

namespace Ledger.Cli;

/// <summary><c>ledger import FILE</c></summary>
internal static class ImportCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "import",
            "Fills the conversation store from JSON Lines. Running it again imports nothing twice.",
            "ledger import conversations.jsonl.gz\nzcat conversations.jsonl.gz | ledger import -",
            "A line is one conversation: {\"botId\", \"conversationId\", \"cId\", \"channel\", \"startedAt\", \"messages\": [{\"type\", \"createdOn\", \"text\"}]}, optionally\n"
            + "with the arrays transcripts, recordings, attachments and logs. Its bot must be registered. The import stops at the first line that it\n"
            + "cannot take and names it; what came before stays.");
        var file = new Argument<string>("FILE") { Description = "JSON Lines, gzip or not; - is standard input." };
        verb.Add(file);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction((parsed, cancel) => RunAsync(parsed, parsed.GetValue(file)!, database, cancel));
        return verb;
    }

    private static async Task RunAsync(ParseResult parsed, string file, DatabaseOptions options, CancellationToken cancel)
    {
        var terminal = Terminal.Of(parsed);
        await using var input = file == "-" ? Console.OpenStandardInput() : Open(file);
        await using var database = await options.OpenAsync(parsed, cancel);
        if (database.Embedded is null)
        {
            foreach (var warning in await ServerLogSettings.WarningsAsync(database.Source, cancel))
                terminal.Warn(warning);
        }
        var totals = await RunAsync(terminal, database, input, asBot: null, cancel);
        terminal.Line($"imported {totals.Imported:N0} conversations with {totals.Items:N0} items; {totals.AlreadyThere:N0} were there already ({totals.Lines:N0} lines)");
    }

    /// <summary>Imports with progress on standard error.</summary>
    public static async Task<ImportTotals> RunAsync(Terminal terminal, OpenDatabase database, Stream input, Func<string, string>? asBot, CancellationToken cancel)
    {
        var totals = await ProgressDisplay.RunAsync(
            terminal, "Importing", (ImportTotals sofar, TimeSpan elapsed) => Shown(sofar, elapsed, input),
            progress => new ConversationImport(database.Source).RunAsync(input, asBot, progress, cancel));
        // Plans go by statistics. Only an owner may bring them up to date; on a server autovacuum does within a minute.
        if (database.Embedded is { } embedded && totals.Imported > 0)
        {
            await using var owner = await LedgerSession.OpenAsync(embedded.OwnerConnection, SessionKind.Owner, cancel);
            await using var analyze = new NpgsqlCommand(
                "analyze conversations.channel_users, conversations.conversations, conversations.items", owner);
            await analyze.ExecuteNonQueryAsync(cancel);
        }
        return totals;
    }

    /// <summary>The percentage is of the bytes as they lie on the disk; a pipe has none.</summary>
    private static ShownProgress Shown(ImportTotals totals, TimeSpan elapsed, Stream input) => new(
        $"{totals.Lines:N0} lines, {(totals.Imported + totals.AlreadyThere) / Math.Max(elapsed.TotalSeconds, 0.001):N0} conversations/s",
        input.CanSeek && input.Length > 0 ? 100.0 * input.Position / input.Length : null);

    /// <exception cref="CommandException">There is no such file.</exception>
    public static FileStream Open(string file) => File.Exists(file)
        ? new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read)
        : throw new CommandException($"there is no file {file}");
}
