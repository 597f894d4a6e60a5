using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.Database;

/// <summary>The service's data source, and the check that the service may start on it.</summary>
public static class ServiceDatabase
{
    /// <summary>The pool of requests and verbs.</summary>
    /// <exception cref="UnfitDatabaseException">The connection string asks for what cannot be kept.</exception>
    public static NpgsqlDataSource Source(string connectionString) => LedgerSession.Source(connectionString, SessionKind.Requests);

    /// <summary>The pool of a look at what the tables are made of.</summary>
    public static NpgsqlDataSource SchemaSource(string connectionString) => LedgerSession.Source(connectionString, SessionKind.Schema);

    /// <summary>The pool of a migration, as the tables' owner.</summary>
    public static NpgsqlDataSource OwnerSource(string connectionString) => LedgerSession.Source(connectionString, SessionKind.Owner);

    /// <summary>
    /// True if the server runs without the settings that make a commit durable, and its own configuration says that this is meant.
    /// </summary>
    public static async Task<bool> MayLoseDataAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        await using var command = source.CreateCommand(
            "select current_setting('ledger.may_lose_data', true) = 'on' "
            + "and 'off' in (current_setting('fsync'), current_setting('full_page_writes'))");
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    /// <summary>The reason that the service must not run on this database as this role; null if it may.</summary>
    public static async Task<string?> ProblemAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancel);
            return await DatabaseCheck.ServiceProblemAsync(connection, cancel);
        }
        catch (UnfitDatabaseException e)
        {
            return e.Message;
        }
    }
}
