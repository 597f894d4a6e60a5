using System.CommandLine;
using Ledger.Cli.Registry;
using Ledger.Database;
using Ledger.Import;
using Npgsql;

namespace Ledger.Cli.Run;

/// <summary><c>ledger import FILE</c></summary>
internal static class ImportCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "import",
            "Fills the conversation store from JSON Lines: all of the input or nothing of it. Running it again imports nothing twice.",
            "ledger import conversations.jsonl.gz\nzcat conversations.jsonl.gz | ledger import -\n"
            + "ledger import export.jsonl --again --reason 'erased by mistake'",
            "A line is one conversation: {\"botId\", \"conversationId\", \"cId\", \"channel\", \"startedAt\",\n"
            + "\"messages\": [{\"type\", \"createdOn\", \"text\"}]}, "
            + "optionally with the arrays transcripts, recordings, attachments and logs.\n"
            + "Its bot must be registered. The input is read twice: any fault in it refuses it before anything is stored, and names its\n"
            + "line. A conversation that is there already must have the same content. Conversations that were erased stay out: their\n"
            + $"lines are named, and the exit code is {ExitCodes.ErasedLeftOut}. "
            + "With --again they are taken, which is recorded in the bot's stream.\n"
            + "After `ledger forget` nobody can know what the job erased, and an import takes it again.");
        var file = new Argument<string>("FILE")
        {
            Description =
                "JSON Lines, gzip or not. - is standard input, which is kept in the data folder (else the temporary folder) meanwhile.",
        };
        var again = new Option<bool>("--again") { Description = "Take conversations that were erased too; needs --reason." };
        verb.Add(file);
        verb.Add(again);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction((parsed, cancel) =>
            RunAsync(parsed, parsed.GetValue(file)!, Again(parsed, parsed.GetValue(again), by), database, cancel));
        return verb;
    }

    private static TakeAgain? Again(ParseResult parsed, bool again, RecordedBy by) => (again, by.Reason(parsed)) switch
    {
        (true, { } reason) when !string.IsNullOrWhiteSpace(reason) => new TakeAgain(by.Actor(parsed), reason),
        (true, _) => throw CommandException.Usage("--again brings back what was erased: say why with --reason TEXT, for the record"),
        (false, not null) => throw CommandException.Usage("--reason is for the record of --again: without it nothing is recorded"),
        _ => null,
    };

    private static async Task<int> RunAsync(ParseResult parsed, string file, TakeAgain? again, DatabaseOptions options,
        CancellationToken cancel)
    {
        var terminal = Terminal.Of(parsed);
        if (file == "-" && !Console.IsInputRedirected)
            throw CommandException.Usage("standard input is a terminal: name a file, or pipe one into this command");
        await using var input = file == "-" ? Console.OpenStandardInput() : Open(file);
        await using var database = await options.OpenAsync(parsed, cancel, needsKeys: true);
        if (database.Embedded is null)
        {
            foreach (var warning in await ServerLogSettings.WarningsAsync(database.Source, cancel))
                terminal.Warn(warning);
        }
        var result = await RunAsync(terminal, database, input, asBot: null, again, cancel);
        var totals = result.Totals;
        terminal.Line(
            $"imported {totals.Imported:N0} conversations with {totals.Items:N0} items; {totals.AlreadyThere:N0} were there already"
            + (totals.LeftOut > 0 ? $"; {totals.LeftOut:N0} lines were left out" : "")
            + (totals.TakenAgain > 0 ? $"; {totals.TakenAgain:N0} had been erased and were taken again" : "")
                + $" ({totals.Lines:N0} lines)");
        if (result.Unreadable > 0)
        {
            terminal.Warn(
                $"{result.Unreadable} rows of jobs' lists cannot be opened with these keys, though nobody forgot them: "
                + "what was erased with them may be back. `ledger audit` says more");
        }
        if (result.LeftOut.IsEmpty)
            return ExitCodes.Done;
        terminal.Note(
            $"Left out, since their conversations were erased before: {result.LeftOut}. To take them all the same: --again --reason TEXT");
        return ExitCodes.ErasedLeftOut;
    }

    /// <summary>Imports with progress on standard error.</summary>
    public static async Task<ImportResult> RunAsync(
        Terminal terminal, OpenDatabase database, Stream input, Func<string, string>? asBot, TakeAgain? again, CancellationToken cancel)
    {
        await using var source = input.CanSeek ? ImportSource.Of(input) : await SpoolAsync(terminal, database, input, cancel);
        var import = new ConversationImport(database.Source, database.Store, database.Keys);
        var stored = 0L;
        try
        {
            var result = await ProgressDisplay.RunAsync(
                terminal, "Checking", ((ImportPhase Phase, long Count) sofar, TimeSpan _) => Shown(sofar.Phase, sofar.Count, source),
                async progress =>
                {
                    void Tell(ImportPhase phase, long count)
                    {
                        stored = phase == ImportPhase.Storing ? count : stored;
                        progress((phase, count));
                    }
                    var check = await import.CheckAsync(source, asBot, Tell, cancel);
                    return await import.StoreAsync(check, again, Tell, cancel);
                });
            await AnalyzeAsync(terminal, database, result.Totals, cancel);
            return result;
        }
        catch (OperationCanceledException) when (stored > 0)
        {
            terminal.Note($"{ImportException.Standing(stored)}.");
            throw;
        }
    }

    /// <summary>On the data folder's disk, where there is room for conversations; a server's disk is not this machine's.</summary>
    private static Task<ImportSource> SpoolAsync(Terminal terminal, OpenDatabase database, Stream input, CancellationToken cancel) =>
        ProgressDisplay.RunAsync(
            terminal, "Reading", (long bytes, TimeSpan _) => new ShownProgress($"{bytes >> 20:N0} MiB read", null),
            progress => ImportSource.SpoolAsync(input, database.Embedded?.Postgres.DataDirectory ?? Path.GetTempPath(), progress, cancel));

    /// <summary>Plans go by statistics. Only an owner may bring them up to date; on a server autovacuum does within a minute.</summary>
    private static async Task AnalyzeAsync(Terminal terminal, OpenDatabase database, ImportTotals totals, CancellationToken cancel)
    {
        if (database.Embedded is not { } embedded || totals.Imported == 0)
            return;
        try
        {
            await using var owner = await LedgerSession.OpenAsync(embedded.SuperuserConnection, SessionKind.Owner, cancel);
            await using var analyze = new NpgsqlCommand(
                "analyze conversations.channel_users, conversations.conversations, conversations.items", owner);
            await analyze.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception e) when (e is NpgsqlException or IOException)
        {
            // Everything is in: its result must be told.
            terminal.Warn("the statistics of what was imported could not be brought up to date: autovacuum does it later");
        }
    }

    private static ShownProgress Shown(ImportPhase phase, long count, ImportSource source) => phase switch
    {
        ImportPhase.Checking => new($"{count:N0} lines checked, nothing is stored yet", source.Percent),
        ImportPhase.ReadingErased => new($"{count:N0} erased conversations read", null),
        _ => new($"{count:N0} lines stored", source.Percent),
    };

    /// <exception cref="CommandException">There is no such file, or it may not be read.</exception>
    public static FileStream Open(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException($"there is no file {file}");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandException(Directory.Exists(file) ? $"{file} is a folder" : $"{file} may not be read by this user");
        }
    }
}
