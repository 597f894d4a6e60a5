using System.CommandLine;
using Ledger.Database;
using Ledger.Database.Embedded;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Hosting;
using Ledger.Keys;
using Ledger.Log.Cosigning;
using Ledger.Machine;
using Ledger.Notifications;
using Ledger.Web;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Ledger.Cli.Run;

/// <summary><c>ledger serve</c></summary>
internal static class ServeCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "serve",
            "Runs the service: it answers the HTTP API and deletes in the windows. "
            + "Ctrl-C, SIGTERM or SIGHUP end it at the next batch boundary.",
            "ledger serve --embedded --data ./ledger-data\n"
                + "ledger serve --connection 'Host=db;Database=ledger;Username=ledger_service;Password=…' --keys /etc/ledger/keys --urls "
                + "http://0.0.0.0:8080",
            "Several nodes on one database are one cluster; a node needs no state but its keys. With --embedded everything lives in the "
            + "data folder,\n"
            + "PostgreSQL included. Without, prepare a database once with `ledger migrate` and its keys with `ledger key new`.\n"
            + "Standard output gets one line for each address, `Listening on URL`; the log goes to standard error. "
            + "Under systemd, Type=notify works.");
        var options = new ServeOptions(verb);
        verb.SetAction((parsed, cancel) => RunAsync(parsed, options, cancel));
        return verb;
    }

    private static async Task RunAsync(ParseResult parsed, ServeOptions options, CancellationToken cancel)
    {
        var terminal = Terminal.Of(parsed);
        var (embedded, urls) = (parsed.GetValue(options.Embedded), parsed.GetValue(options.Urls)!);
        var (submits, polls) = options.Limits.Read(parsed);
        var http = new HttpOptions { PublicUrl = options.PublicUrlOf(parsed), Submits = submits, Polls = polls };
        var notifications = options.Mail.Read(parsed);
        var witnesses = parsed.GetValue(options.WitnessPolicy) is { } policy ? Witnesses.ReadPolicy(policy) : null;
        ListenAddresses.Check(urls);
        await using var database = embedded
            ? await OpenEmbeddedAsync(parsed, options.Database, terminal, cancel)
            : await OpenServerAsync(parsed, options.Database, cancel);
        if (await ServiceDatabase.ProblemAsync(database.Source, cancel) is { } problem)
            throw new CommandException(problem);
        if (await MartenSetup.ProblemAsync(database.Connection, cancel) is { } difference)
            throw new CommandException(difference);
        if (witnesses is not null && Witnesses.Problem(witnesses, LogKeyFile.Read(database.Keys.Folder).Verifier) is { } mismatch)
            throw new CommandException(mismatch);
        notifications = MailSettings.WithFolder(notifications, database.Embedded?.Postgres.DataDirectory);
        var node = LedgerService.Build(new ServiceSettings
        {
            Connection = database.Connection,
            Keys = database.Keys,
            Urls = urls,
            Embedded = database.Embedded?.Postgres,
            Http = http,
            Notifications = notifications,
            Witnesses = witnesses,
        });
        await using var running = new RunningNode(node);
        if (await EngineSetup.ProblemAsync(node.Services, cancel) is { } changed)
            throw new CommandException(changed);
        if (FaultPoint.ArmedPoint is { } point)
            node.Logger.LogWarning("LEDGER_FAULT_POINT is set: THIS PROCESS WILL STOP ITSELF at {FaultPoint}. For tests only", point);
        if (!embedded)
        {
            foreach (var warning in await ServerLogSettings.WarningsAsync(database.Source, cancel))
                node.Logger.LogWarning("{Warning}", warning);
        }
        if (await ServiceDatabase.MayLoseDataAsync(database.Source, cancel))
            node.Logger.LogWarning(
                "ledger.may_lose_data is set on the database server: A POWER CUT MAY LOSE WHAT WAS ACCEPTED. For tests only");
        WarnOfMail(node.Logger, notifications, http);
        await node.StartAsync(cancel);
        Greet(terminal, node, parsed, options.Database, database, notifications);
        Systemd.TellReady(terminal);
        await node.WaitForShutdownAsync(cancel);
    }

    private static void WarnOfMail(ILogger log, NotificationOptions notifications, HttpOptions http)
    {
        if (!notifications.SendsMail)
            log.LogWarning("Mail is not configured: what the owners of bots should be told waits until a node has --smtp or --mail-dir");
        else if (notifications.Smtp is not null && http.PublicUrl is null)
            log.LogWarning("--public-url is not set: mail names the certificates' paths, and links to none");
    }

    private static async Task<OpenDatabase> OpenEmbeddedAsync(
        ParseResult parsed, DatabaseOptions options, Terminal terminal, CancellationToken cancel)
    {
        options.RefuseBoth(parsed);
        if (options.IsServerNamed(parsed))
            throw CommandException.Usage("--embedded brings its own database and keys: leave --connection and --keys out");
        return await OpenDatabase.EmbeddedAsync(
            options.Data(parsed) ?? DataFolder.Default(), new TerminalLog(terminal, LogLevel.Information), cancel);
    }

    private static async Task<OpenDatabase> OpenServerAsync(ParseResult parsed, DatabaseOptions options, CancellationToken cancel)
    {
        if (options.Data(parsed) is not null)
            throw CommandException.Usage("--data goes with --embedded: add it, or name a server with --connection");
        var missing = new List<string>();
        if (options.Connection(parsed) is null)
            missing.Add(
                $"a connection string (--connection STRING or {DatabaseOptions.ConnectionVariable}), to a database prepared with `ledger "
                + "migrate`"
            );
        if (options.Keys(parsed) is null)
            missing.Add($"a key folder (--keys DIR or {DatabaseOptions.KeysVariable}), made with `ledger key new`");
        if (missing.Count > 0)
            throw CommandException.Usage(
                $"serve lacks {string.Join(" and ", missing)}. To run without any preparation: `ledger serve --embedded`");
        return await OpenDatabase.OnServerAsync(options.Connection(parsed)!, KeyFolder.Open(options.Keys(parsed)!), cancel);
    }

    private static void Greet(
        Terminal terminal, WebApplication node, ParseResult parsed, DatabaseOptions options, OpenDatabase database,
        NotificationOptions notifications)
    {
        TellAddresses(terminal, node);
        // What the hints need to reach the same database from another terminal.
        var where = database.Embedded is null ? "" : options.Data(parsed) is { } data ? $" --data {ShellWord.Of(data)}" : "";
        if (database.Embedded is { } embedded)
            terminal.Note($"Data in {embedded.Postgres.DataDirectory}");
        if (notifications is { Smtp: null, MailFolder: { } folder })
            terminal.Note($"Mail in {folder} (no mail server is set: --smtp)");
        terminal.Note("Next, in another terminal:");
        terminal.Note($"  ledger bot add BOT{where}");
        terminal.Note($"  ledger client add CLIENT --bot BOT --scope delete-conversations --scope ledger-audit{where}");
        terminal.Note($"  ledger token --client CLIENT{where}");
        var console = node.Services.GetRequiredService<HttpOptions>().PublicUrl?.ToString() ?? $"{Addresses(node).First()}/";
        terminal.Note($"In the browser: {console} (sign in with that token: it shows what the client may see)");
        terminal.Note("Ctrl-C stops the service.");
    }

    /// <summary>The result of starting a service, which a script waits for and reads.</summary>
    public static void TellAddresses(Terminal terminal, WebApplication node)
    {
        foreach (var address in Addresses(node))
            terminal.Line($"Listening on {address}");
    }

    /// <summary>The addresses on which a started node listens.</summary>
    public static IEnumerable<string> Addresses(WebApplication node) =>
        node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
}
