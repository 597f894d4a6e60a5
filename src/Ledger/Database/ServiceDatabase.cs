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
        NoResetOnClose = true, // nothing here sets session state, and the reset costs a third of a small commit
    }.ConnectionString);

    private static readonly string ProblemSql = Sql.Load(typeof(ServiceDatabase), nameof(ProblemAsync));

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
