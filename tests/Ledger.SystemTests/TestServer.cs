using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Ledger.Database.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.SystemTests;

/// <summary>The PostgreSQL server of a test run.</summary>
internal sealed class TestServer
{
    private const string FolderPrefix = "ledger-tests-";

    private readonly string _superuser;
    private readonly string _administration;
    private readonly ConcurrentDictionary<(string Database, string Role), string> _handedOut = new();
    private readonly ConcurrentBag<string> _atExit = [];

    private TestServer(EmbeddedPostgres? embedded, string superuser)
    {
        (Embedded, _superuser) = (embedded, superuser);
        // By its string, so that its connections end with all others' where a test kills the server (NpgsqlConnection.ClearAllPools).
        _administration = new NpgsqlConnectionStringBuilder(superuser) { Pooling = true, CommandTimeout = 120 }.ConnectionString;
    }

    /// <summary>Null: the server of LEDGER_TEST_CONNECTION.</summary>
    public EmbeddedPostgres? Embedded { get; }

    public static async Task<TestServer> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("LEDGER_TEST_CONNECTION") is { Length: > 0 } given) return new TestServer(null, given);
        await SweepAsync();
        var folder = Path.Combine(Path.GetTempPath(), FolderPrefix + RandomNumberGenerator.GetHexString(12, lowercase: true));
        var embedded = await EmbeddedPostgres.StartAsync(
            OptionsFor(folder), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        return new TestServer(embedded, embedded.ConnectionString("postgres", "postgres"));
    }

    /// <summary>A connection string, pooled or not, to a database of this server.</summary>
    /// <param name="database">The database.</param>
    /// <param name="role">Null: the superuser.</param>
    /// <param name="poolSize">0: not pooled.</param>
    public string ConnectionString(string database, string? role, int poolSize)
    {
        var settings = new NpgsqlConnectionStringBuilder(_superuser)
        {
            Database = database,
            Pooling = poolSize > 0,
#pragma warning disable CS0618 // Tests open connections by their strings, and each new database would have its types read.
            ServerCompatibilityMode = ServerCompatibilityMode.NoTypeLoading,
#pragma warning restore CS0618
        };
        // The ledger's own pools have sizes of their own, and keep to one that is asked for.
        if (poolSize > 0 && role is null) settings.MaxPoolSize = poolSize;
        if (role is not null) (settings.Username, settings.Password) = (role, Password(role));
        if (poolSize > 0) _handedOut[(database, role ?? "")] = settings.ConnectionString;
        return settings.ConnectionString;
    }

    public string Password(string role) =>
        Embedded?.Password(role)
        ?? Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(_superuser), Encoding.UTF8.GetBytes(role)));

    /// <summary>The pooled connection strings to a database that were given out, and are not any more.</summary>
    public IEnumerable<string> PooledConnectionStrings(string database)
    {
        foreach (var key in _handedOut.Keys.Where(key => key.Database == database))
        {
            if (_handedOut.TryRemove(key, out var pooled)) yield return pooled;
        }
    }

    /// <summary>Runs one statement as superuser, outside any test's database.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_administration);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Leaves a statement for the end of the run, for a server that outlives it.</summary>
    public void AtExit(string sql)
    {
        if (Embedded is null) _atExit.Add(sql);
    }

    /// <summary>Stops and deletes the embedded server; of another server, drops what the run left there.</summary>
    public async Task EndAsync()
    {
        foreach (var sql in _atExit) await ExecuteAsync(sql);
        await using (var connection = new NpgsqlConnection(_administration))
            NpgsqlConnection.ClearPool(connection);
        if (Embedded is null) return;
        await Embedded.DisposeAsync();
        await EmbeddedPostgres.DeleteUnusedAsync(
            OptionsFor(Embedded.DataDirectory), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
    }

    private static EmbeddedPostgresOptions OptionsFor(string folder) => new() { DataDirectory = folder, Fsync = false };

    /// <summary>Stops and deletes what killed runs left. A folder in use, or one that cannot be deleted, is left alone.</summary>
    private static async Task SweepAsync()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), FolderPrefix + "*"))
        {
            try
            {
                await EmbeddedPostgres.DeleteUnusedAsync(
                    OptionsFor(folder), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or EmbeddedPostgresException)
            {
                // Another user's, or another run is sweeping it at this moment.
            }
        }
    }
}
