using Ledger.Database;
using Ledger.Database.Embedded;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Hosting;

/// <summary>
/// The ledger in a data folder: a private PostgreSQL with the database <c>ledger</c>, migrated, and the keys beside it. It does at once
/// what an operator of a server does by hand, with the same roles (<see cref="Roles"/>).
/// </summary>
public sealed class EmbeddedDatabase : IAsyncDisposable
{
    private const string DatabaseName = "ledger";

    private EmbeddedDatabase(EmbeddedPostgres postgres) => Postgres = postgres;

    public EmbeddedPostgres Postgres { get; }

    /// <summary>The service's connection string.</summary>
    public string ServiceConnection => Postgres.ConnectionString(DatabaseName, Roles.Service);

    /// <summary>The superuser's connection string. Sessions of the kind <see cref="SessionKind.Owner"/> become the owner on it.</summary>
    public string SuperuserConnection => Postgres.ConnectionString(DatabaseName, "postgres");

    /// <summary>The folder of the keys of a data folder. It is outside the cluster, so that a copy of the cluster alone opens
    /// nothing.</summary>
    public static string KeysOf(string dataFolder) => Path.Combine(dataFolder, "keys");

    /// <summary>Joins or starts the data folder's PostgreSQL, brings the database up to date and makes the keys on the first use.</summary>
    /// <exception cref="EmbeddedPostgresException">PostgreSQL cannot be found or started. The message says what to do.</exception>
    public static async Task<EmbeddedDatabase> OpenAsync(
        EmbeddedPostgresOptions options, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        var database = new EmbeddedDatabase(await EmbeddedPostgres.StartAsync(options, time, log, cancel));
        try
        {
            await database.PrepareAsync(cancel);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Postgres.DisposeAsync();

    private async Task PrepareAsync(CancellationToken cancel)
    {
        var keys = KeysOf(Postgres.DataDirectory);
        var superuser = Postgres.ConnectionString("postgres", "postgres");
        await using (var server = await LedgerSession.OpenAsync(superuser, SessionKind.Administration, cancel))
        {
            // Two processes may open a fresh folder at once: one prepares it, the other then finds it prepared.
            await server.ExecuteAsync("select pg_advisory_lock(1)", cancel);
            if (!await ExistsAsync(server, $"select 1 from pg_roles where rolname = '{Roles.Service}'", cancel))
                await server.ExecuteAsync($"create role {Roles.Service} login password '{Postgres.Password(Roles.Service)}'", cancel);
            if (!await ExistsAsync(server, $"select 1 from pg_database where datname = '{DatabaseName}'", cancel))
            {
                // Keys are made for an empty ledger only: one whose keys are lost must say so, and not go on under others.
                if (!Directory.Exists(keys))
                    KeyFolder.Create(keys);
                await server.ExecuteAsync($"create database {DatabaseName}", cancel);
            }
        }
        await using var owner = await LedgerSession.OpenAsync(SuperuserConnection, SessionKind.Administration, cancel);
        await Roles.BecomeOwnerAsync(owner, cancel);
        await Migrator.ApplyAsync(owner, cancel);
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancel) is not null;
    }
}
