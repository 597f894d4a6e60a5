using Ledger.Identifiers;
using Npgsql;

namespace Ledger.Database;

/// <summary>The service's data source, and whether the service may start on it.</summary>
public static class ServiceDatabase
{
    /// <summary>A pool whose statements are prepared once they recur, which is what makes one round trip cheap.</summary>
    public static NpgsqlDataSource Source(string connectionString) => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
    {
        ApplicationName = "ledger",
        MaxAutoPrepare = 100,
        AutoPrepareMinUsages = 2,
        CommandTimeout = 15,
        MaxPoolSize = 50, // lanes and scheduling have theirs: together they stay below a server's usual 100
        NoResetOnClose = true, // nothing here sets session state, and the reset costs a third of a small commit
    }.ConnectionString);

    private static readonly string ProblemSql = Sql.Load(typeof(ServiceDatabase), nameof(ProblemAsync));

    private static readonly string IsKeyOfSql = Sql.Load(typeof(ServiceDatabase), nameof(IsKeyOfAsync));

    /// <summary>
    /// Whether these are the keys that the ledger was first used with (which they are from now on, if it never was). With others, the same idempotency key would name
    /// another job, and what is sealed could not be opened.
    /// </summary>
    public static async Task<bool> IsKeyOfAsync(NpgsqlConnection connection, KeyFolder keys, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(IsKeyOfSql, connection) { Parameters = { new() { Value = keys.CheckValue } } };
        // Another node may insert its value at the same moment: then this statement does not see it yet, and the next one does.
        return (await command.ExecuteScalarAsync(cancel) ?? await command.ExecuteScalarAsync(cancel)) is true;
    }

    /// <summary>Why the service must not run on this database as this role; null when it may.</summary>
    public static async Task<string?> ProblemAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        if (await Migrator.ProblemAsync(connection, cancel) is { } problem)
            return problem;
        await using var command = new NpgsqlCommand(ProblemSql, connection);
        return await command.ExecuteScalarAsync(cancel) as string;
    }
}
