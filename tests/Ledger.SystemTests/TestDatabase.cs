using System.Collections.Concurrent;
using System.Security.Cryptography;
using Ledger.Database;
using Ledger.Database.Embedded;
using Npgsql;

namespace Ledger.SystemTests;

/// <summary>
/// A database of its own for one test, on the one server of the test run: an embedded cluster in a temporary folder (fsync off), or the
/// server that <c>LEDGER_TEST_CONNECTION</c> (a superuser's connection string) names.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    /// <summary>Who migrates: no superuser, but a member of the role that owns the tables.</summary>
    public const string Administrator = "ledger_admin";

    private const int PoolSize = 10;

    private static readonly Lazy<Task<TestServer>> Server = new(TestServer.StartAsync);
    private static readonly Lazy<Task<string>> Template = new(MakeTemplateAsync);

    // `create database` refuses a template that another `create database` is just reading.
    private static readonly SemaphoreSlim OneCopyAtATime = new(1);

    private static readonly ConcurrentBag<Action> s_atEnd = [];

    private readonly TestServer _server;

    private TestDatabase(TestServer server, string name) => (_server, Name) = (server, name);

    public string Name { get; }

    /// <summary>The superuser's connection string to this database.</summary>
    public string Superuser => _server.ConnectionString(Name, role: null, PoolSize);

    /// <summary>The connection string of a role that was created with <see cref="PasswordAsync"/>.</summary>
    public string ConnectionStringFor(string role) => _server.ConnectionString(Name, role, PoolSize);

    /// <summary>A fresh database with an empty ledger; safe to call from tests that run in parallel.</summary>
    public static async Task<TestDatabase> CreateAsync() => await CopyAsync(await Template.Value);

    /// <summary>A copy of a database that nobody may connect to.</summary>
    /// <param name="template">Its name.</param>
    /// <param name="owner">Null: the superuser.</param>
    internal static async Task<TestDatabase> CopyAsync(string template, string? owner = null)
    {
        var server = await StartedAsync();
        var name = $"test_{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        await OneCopyAtATime.WaitAsync();
        try
        {
            // A copy of files costs the server a third of what a copy through its log does.
            await server.ExecuteAsync($"create database {name} template {template} strategy file_copy owner {owner ?? "default"}");
        }
        finally
        {
            OneCopyAtATime.Release();
        }
        return new TestDatabase(server, name);
    }

    /// <summary>The run's embedded server; skips the test when the run uses <c>LEDGER_TEST_CONNECTION</c>.</summary>
    public static async Task<EmbeddedPostgres> ServerAsync()
    {
        var server = await StartedAsync();
        Requires.That(server.Embedded is not null, "an embedded PostgreSQL, and this run uses LEDGER_TEST_CONNECTION");
        return server.Embedded!;
    }

    /// <summary>The password that a role of the test server has or is to be created with.</summary>
    public static async Task<string> PasswordAsync(string role) => (await StartedAsync()).Password(role);

    /// <summary>To the service the database is gone: its sessions end, and it gets no new ones.</summary>
    public async Task TakeAwayAsync()
    {
        // Committed before any session is ended: else whoever comes back at once is let in.
        await _server.ExecuteAsync($"revoke connect on database {Name} from public, ledger_service");
        // It waits for each to be gone.
        await _server.ExecuteAsync(
            $"select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{Name}' and usename = 'ledger_service'");
    }

    /// <summary>It is there again.</summary>
    public Task GiveBackAsync() => _server.ExecuteAsync($"grant connect on database {Name} to public");

    /// <summary>
    /// Nobody may connect any more, since a session on a template would make every copy fail. It stays to the end of the run.
    /// </summary>
    internal async Task<string> FreezeAsync()
    {
        await LetGoAsync();
        await _server.ExecuteAsync($"alter database {Name} with allow_connections false");
        await _server.ExecuteAsync($"select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{Name}'");
        _server.AtExit($"drop database if exists {Name} with (force)");
        return Name;
    }

    /// <summary>Something to do when the last test has ended.</summary>
    internal static void AtEnd(Action undo) => s_atEnd.Add(undo);

    private async Task LetGoAsync()
    {
        foreach (var pooled in _server.PooledConnectionStrings(Name))
        {
            await using var connection = new NpgsqlConnection(pooled);
            NpgsqlConnection.ClearPool(connection);
        }
    }

    /// <summary>Drops the database, whoever is still connected to it.</summary>
    public async ValueTask DisposeAsync()
    {
        await LetGoAsync();
        await _server.ExecuteAsync($"drop database if exists {Name} with (force)");
    }

    /// <summary>After the last test: ends the server, if one was started.</summary>
    internal static async Task EndAsync()
    {
        foreach (var undo in s_atEnd)
            undo();
        if (Server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) await (await Server.Value).EndAsync();
    }

    private static async Task<TestServer> StartedAsync()
    {
        try
        {
            return await Server.Value;
        }
        catch (PostgresNotFoundException e)
        {
            Requires.That(false, e.Message);
            throw;
        }
    }

    private static async Task<string> MakeTemplateAsync()
    {
        var server = await StartedAsync();
        var name = $"template_{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        await server.ExecuteAsync($"create database {name}");
        foreach (var role in new[] { Administrator, "ledger_service" })
            await server.ExecuteAsync(
                $"do $$ begin if not exists (select from pg_roles where rolname = '{role}') then create role {role} login password "
                + $"'{server.Password(role)}'; end if; end $$"
            );
        var superuser = server.ConnectionString(name, role: null, poolSize: 0);
        await using (var owner = await LedgerSession.OpenAsync(superuser, SessionKind.Administration, CancellationToken.None))
        {
            await Roles.BecomeOwnerAsync(owner, CancellationToken.None);
            await Migrator.ApplyAsync(owner, CancellationToken.None);
        }
        await server.ExecuteAsync($"grant ledger_owner to {Administrator}");
        return await new TestDatabase(server, name).FreezeAsync();
    }
}
