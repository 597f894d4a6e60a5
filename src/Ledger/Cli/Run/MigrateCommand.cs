using System.CommandLine;
using Ledger.Database;
using Ledger.Database.Checks;
using Ledger.EventStore;
using Ledger.Registry;

namespace Ledger.Cli.Run;

/// <summary><c>ledger migrate</c></summary>
internal static class MigrateCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "migrate",
            "Makes the ledger's tables in a database, or brings them up to date. Repeating it changes nothing.",
            "ledger migrate --connection 'Host=db;Database=ledger;Username=ledger_admin;Password=…'",
            "Log in as a superuser, or as a role that may become ledger_owner. That role owns everything, and nobody logs in as it.\n"
            + "It makes the roles that are missing, where it may (ledger_owner, ledger_service, ledger_reader), and the window 'default'\n"
            + "(18:00 UTC, 8 hours).");
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction((parsed, cancel) => RunAsync(parsed, database, cancel));
        return verb;
    }

    private static async Task RunAsync(ParseResult parsed, DatabaseOptions options, CancellationToken cancel)
    {
        var terminal = Terminal.Of(parsed);
        options.RefuseBoth(parsed);
        if (options.Data(parsed) is { } folder)
        {
            await using var database = await OpenDatabase.EmbeddedAsync(folder, new TerminalLog(terminal, LogLevel.Information), cancel);
            terminal.Line($"The ledger in {folder} is up to date.");
            return;
        }
        if (options.Connection(parsed) is not { } connection)
        {
            throw CommandException.Usage(
                $"which database? Name a server (--connection STRING or {DatabaseOptions.ConnectionVariable}), "
                + "or a data folder (--data DIR)");
        }
        await OnServerAsync(terminal, connection, cancel);
    }

    private static void Refuse(string? problem)
    {
        if (problem is not null)
            throw new CommandException(problem);
    }

    private static async Task OnServerAsync(Terminal terminal, string connection, CancellationToken cancel)
    {
        Refuse(await DatabaseCheck.PoolerProblemAsync(connection, cancel));
        await using var owner = await LedgerSession.OpenAsync(connection, SessionKind.Administration, cancel);
        Refuse(await DatabaseCheck.ServerProblemAsync(owner, cancel));
        await Roles.BecomeOwnerAsync(owner, cancel);
        var applied = await Migrator.ApplyAsync(owner, cancel);
        await using var source = ServiceDatabase.OwnerSource(connection);
        await using var store = MartenSetup.Store(source, TimeProvider.System);
        await new RegistryStore(source, store, keys: null, TimeProvider.System).EnsureDefaultWindowAsync(cancel);
        foreach (var name in applied)
            terminal.Line($"applied {name}");
        // What the migrations do not put right: the service would refuse to start on it.
        Refuse(await DatabaseCheck.TablesProblemAsync(owner, cancel));
        terminal.Line("The database is up to date.");
        if (applied.Count > 0)
            terminal.Note(
                "The service connects as ledger_service. If that role is new, give it a password: alter role ledger_service password '…'");
    }
}
