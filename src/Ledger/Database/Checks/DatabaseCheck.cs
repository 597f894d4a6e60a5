using Npgsql;

namespace Ledger.Database.Checks;

/// <summary>
/// The one check of what a session cannot set (docs/adr/0028): the server's and the database's settings, the tables, the role and its
/// rights, and the way to the server. <c>serve</c> and <c>migrate</c> ask it at their start, and readiness again and again.
/// </summary>
public static class DatabaseCheck
{
    private static readonly string ServerSql = Sql.Load(typeof(DatabaseCheck), "Server");
    private static readonly string TablesSql = Sql.Load(typeof(DatabaseCheck), "Tables");
    private static readonly string RoleSql = Sql.Load(typeof(DatabaseCheck), "Role");

    /// <summary>The reason in words that a session is not kept on this way to the server; null if it is kept.</summary>
    public static Task<string?> PoolerProblemAsync(string connectionString, CancellationToken cancel) =>
        PoolerProbe.ProblemAsync(connectionString, cancel);

    /// <summary>Everything, in words, that keeps the service from running on this database as this role; null if nothing does.</summary>
    public static async Task<string?> ServiceProblemAsync(NpgsqlConnection service, CancellationToken cancel)
    {
        var found = await FoundAsync(service, ServerSql, cancel);
        if (await Migrator.ProblemAsync(service, cancel) is { } problem)
            return Words([.. found, problem]);
        found.AddRange(await FoundAsync(service, RoleSql, cancel));
        found.AddRange(await FoundAsync(service, TablesSql, cancel));
        if (await Grants.ProblemAsync(service, cancel) is { } lacking)
            found.Add(lacking);
        return Words(found);
    }

    /// <summary>The problem, in words, of the server or the database, which need not hold a ledger yet; null if there is none.</summary>
    public static async Task<string?> ServerProblemAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        Words(await FoundAsync(connection, ServerSql, cancel));

    /// <summary>The problem, in words, of the ledger's tables; null if there is none.</summary>
    public static async Task<string?> TablesProblemAsync(NpgsqlConnection owner, CancellationToken cancel) =>
        Words(await FoundAsync(owner, TablesSql, cancel));

    private static string? Words(IReadOnlyCollection<string> found) => found.Count == 0 ? null : string.Join("; ", found);

    private static async Task<List<string>> FoundAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        var found = new List<string>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            if (!await reader.IsDBNullAsync(0, cancel))
                found.Add(reader.GetString(0));
        }
        return found;
    }
}
