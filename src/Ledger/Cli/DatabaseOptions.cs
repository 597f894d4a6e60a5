using System.CommandLine;
using Ledger.Database;
using Ledger.Database.Checks;
using Ledger.Database.Embedded;
using Ledger.EventStore;
using Ledger.Hosting;
using Ledger.Keys;
using Ledger.Machine;
using Ledger.Registry;
using Marten;
using Npgsql;

namespace Ledger.Cli;

/// <summary>
/// The options by which a verb finds its database, the same for all verbs. <c>--data</c> names a folder with a private PostgreSQL. Else
/// <c>--connection</c> or LEDGER_CONNECTION names a server. Else it is the default data folder, if that holds a ledger already.
/// </summary>
internal sealed class DatabaseOptions
{
    public const string ConnectionVariable = "LEDGER_CONNECTION";
    public const string KeysVariable = "LEDGER_KEYS";

    private readonly Option<string?> _data = new("--data")
    {
        Description = "A data folder with a private PostgreSQL in it, which is joined, or started for the moment.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _connection = new("--connection")
    {
        Description =
            $"A server's connection string instead: Host=…;Database=…;Username=ledger_service;Password=… (or {ConnectionVariable}).",
        HelpName = "STRING",
    };

    private readonly Option<string?> _keys = new("--keys")
    {
        Description = $"The key folder, with --connection (or {KeysVariable}). A data folder has its own.",
        HelpName = "DIR",
    };

    /// <summary>Adds the options to a verb.</summary>
    /// <param name="withKeys">True if the verb can use the key folder.</param>
    public static DatabaseOptions AddTo(Verb verb, bool withKeys = false)
    {
        var options = new DatabaseOptions();
        verb.Add(options._data);
        verb.Add(options._connection);
        if (withKeys)
            verb.Add(options._keys);
        return options;
    }

    /// <summary>The data folder that was named; null: none was.</summary>
    public string? Data(ParseResult parsed) => parsed.GetValue(_data);

    /// <summary>The connection string that was given, by option or environment.</summary>
    public string? Connection(ParseResult parsed) => OptionValues.OrVariable(parsed.GetValue(_connection), ConnectionVariable);

    /// <summary>The key folder that was named, by option or environment.</summary>
    public string? Keys(ParseResult parsed) => OptionValues.OrVariable(parsed.GetValue(_keys), KeysVariable);

    /// <summary>The key folder of the database: a data folder's own, or the one that was named; null: none is at hand.</summary>
    public string? KeysAtHand(ParseResult parsed) => EmbeddedFolder(parsed) is { } data ? EmbeddedDatabase.KeysOf(data) : Keys(parsed);

    /// <summary>True if an option (not the environment) names a server or its keys.</summary>
    public bool IsServerNamed(ParseResult parsed) => parsed.GetValue(_connection) is not null || parsed.GetValue(_keys) is not null;

    /// <summary>True if an option (not the environment) names a database.</summary>
    public bool IsNamed(ParseResult parsed) => parsed.GetValue(_data) is not null || parsed.GetValue(_connection) is not null;

    /// <summary>Opens the database that the options mean.</summary>
    /// <param name="needsKeys">Refuse to go on without keys.</param>
    /// <exception cref="CommandException">There is none, or it is not ready.</exception>
    public async Task<OpenDatabase> OpenAsync(ParseResult parsed, CancellationToken cancel, bool needsKeys = false)
    {
        RefuseBoth(parsed);
        if (EmbeddedFolder(parsed) is { } folder)
            return await OpenDatabase.EmbeddedAsync(folder, new TerminalLog(Terminal.Of(parsed), LogLevel.Warning), cancel);
        var connection =
            Connection(parsed)
            ?? throw new CommandException(
                $"which database? Name a data folder (--data DIR) or a server (--connection STRING or {ConnectionVariable}). `ledger "
                + $"serve --embedded` makes a ledger in {DataFolder.Default()}, which is then the default"
            );
        if (needsKeys && Keys(parsed) is null)
            throw new CommandException($"the keys of the service are needed: name their folder (--keys DIR or {KeysVariable})");
        return await OpenDatabase.OnServerAsync(connection, needsKeys ? KeyFolder.Open(Keys(parsed)!) : null, cancel);
    }

    /// <exception cref="CommandException">Folder and server were both named.</exception>
    public void RefuseBoth(ParseResult parsed)
    {
        if (Data(parsed) is not null && parsed.GetValue(_connection) is not null)
            throw CommandException.Usage("--data and --connection name two databases: leave one out");
    }

    /// <summary>The data folder to use; null: the database is a server's.</summary>
    private string? EmbeddedFolder(ParseResult parsed)
    {
        if (Data(parsed) is { } named)
        {
            var word = ShellWord.Of(named);
            return OpenDatabase.IsThere(named) ? named : throw new CommandException(
                $"there is no ledger in {named}: `ledger serve --embedded --data {word}` or `ledger migrate --data {word}` makes one");
        }
        return Connection(parsed) is null && OpenDatabase.IsThere(DataFolder.Default()) ? DataFolder.Default() : null;
    }
}

/// <summary>A database that a verb works on, as the service's role. Disposing it stops an embedded server that nobody else uses.</summary>
internal sealed class OpenDatabase : IAsyncDisposable
{
    private readonly KeyFolder? _keys;
    private readonly Lazy<DocumentStore> _store;

    private OpenDatabase(string connection, KeyFolder? keys, EmbeddedDatabase? embedded)
    {
        Connection = connection;
        _keys = keys;
        Embedded = embedded;
        Source = ServiceDatabase.Source(connection);
        _store = new(() => MartenSetup.Store(Source, TimeProvider.System));
    }

    public string Connection { get; }
    public NpgsqlDataSource Source { get; }

    /// <summary>Made when it is first asked for: most verbs only read.</summary>
    public IDocumentStore Store => _store.Value;

    public RegistryStore Registry => field ??= new RegistryStore(Source, Store, _keys, TimeProvider.System);

    public DeletionPauses Pauses => field ??= new DeletionPauses(Source, Store, Registry, TimeProvider.System);

    /// <summary>Null: the database is a server's.</summary>
    public EmbeddedDatabase? Embedded { get; }

    /// <summary>The keys, if it was opened with them.</summary>
    public KeyFolder? KeysOrNull => _keys;

    /// <exception cref="InvalidOperationException">It was opened without.</exception>
    public KeyFolder Keys => _keys ?? throw new InvalidOperationException("the database was opened without keys");

    /// <summary>True if the data folder holds a ledger.</summary>
    public static bool IsThere(string folder) => File.Exists(Path.Combine(folder, "cluster.json"));

    /// <summary>The ledger in a data folder, made and brought up to date where necessary.</summary>
    public static async Task<OpenDatabase> EmbeddedAsync(string folder, ILogger log, CancellationToken cancel)
    {
        var embedded = await EmbeddedDatabase.OpenAsync(
            new EmbeddedPostgresOptions { DataDirectory = folder }, TimeProvider.System, log, cancel);
        try
        {
            var database = new OpenDatabase(
                embedded.ServiceConnection, KeyFolder.Open(EmbeddedDatabase.KeysOf(embedded.Postgres.DataDirectory)), embedded);
            await using (var session = await database.Source.OpenConnectionAsync(cancel))
                await database.RefuseOtherKeysAsync(session, cancel);
            if (!await RegistryStore.HasDefaultWindowAsync(database.Source, cancel))
                await database.Registry.EnsureDefaultWindowAsync(cancel);
            return database;
        }
        catch
        {
            await embedded.DisposeAsync();
            throw;
        }
    }

    /// <summary>The ledger on a server, which must have been migrated.</summary>
    /// <exception cref="CommandException">It was not, or not to this version.</exception>
    public static async Task<OpenDatabase> OnServerAsync(string connection, KeyFolder? keys, CancellationToken cancel)
    {
        var database = new OpenDatabase(connection, keys, embedded: null);
        try
        {
            // First: behind such a pooler, what a session is told would be another's.
            if (await DatabaseCheck.PoolerProblemAsync(connection, cancel) is { } pooler)
                throw new CommandException(pooler);
            await using var session = await database.Source.OpenConnectionAsync(cancel);
            if (await Migrator.ProblemAsync(session, cancel) is { } problem)
                throw new CommandException(problem);
            await database.RefuseOtherKeysAsync(session, cancel);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private async Task RefuseOtherKeysAsync(NpgsqlConnection session, CancellationToken cancel)
    {
        if (_keys is not null && !await KeyCheck.IsOfLedgerAsync(session, _keys, cancel))
            throw new CommandException(
                "these are not the keys that this ledger was first used with: bring back its own key folder (all nodes use one and the "
                + "same)"
            );
    }

    public async ValueTask DisposeAsync()
    {
        if (_store.IsValueCreated)
            await _store.Value.DisposeAsync();
        await Source.DisposeAsync();
        if (Embedded is not null)
            await Embedded.DisposeAsync();
    }
}
