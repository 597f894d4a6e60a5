using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.Database;

/// <summary>
/// The one place that says what a session needs (docs/adr/0028). Every connection of the ledger's is opened here, and what a role, a
/// database, the server's configuration or a pooler says about sessions is said again on it, before its first use.
/// </summary>
internal static class LedgerSession
{
    private static readonly string ApplySql = Sql.Load(typeof(LedgerSession), "Apply");
    private static readonly string RefuseSql = Sql.Load(typeof(LedgerSession), "Refuse");

    /// <summary>The settings that every session has. A time limit of 0 means none. A kind of work that needs a limit has its own.</summary>
    private static readonly IReadOnlyDictionary<string, string> s_always = new Dictionary<string, string>
    {
        // A query that a policy would filter is an error: rows that are there are never unseen.
        ["row_security"] = "off",
        ["default_transaction_isolation"] = "read committed",
        ["default_transaction_read_only"] = "off",
        ["default_transaction_deferrable"] = "off",
        // What is answered is on the disk. A stronger value stands: see Apply.
        ["synchronous_commit"] = "on",
        ["statement_timeout"] = "0",
        ["lock_timeout"] = "0",
        ["idle_in_transaction_session_timeout"] = "0",
        ["idle_session_timeout"] = "0",
        ["transaction_timeout"] = "0",
        // What statements and texts mean.
        ["client_encoding"] = "UTF8",
        ["standard_conforming_strings"] = "on",
        ["transform_null_equals"] = "off",
        ["array_nulls"] = "on",
        ["gin_fuzzy_search_limit"] = "0",
        ["exit_on_error"] = "off",
        ["TimeZone"] = "UTC",
        ["DateStyle"] = "ISO, MDY",
        ["IntervalStyle"] = "postgres",
        ["bytea_output"] = "hex",
        ["extra_float_digits"] = "1",
        ["check_function_bodies"] = "on",
        ["default_table_access_method"] = "heap",
    };

    /// <summary>A pool of sessions.</summary>
    /// <exception cref="UnfitDatabaseException">The connection string asks for what cannot be kept.</exception>
    public static NpgsqlDataSource Source(string connectionString, SessionKind kind)
    {
        var settings = ConnectionString.For(connectionString, kind);
        var target = settings.TargetSessionAttributes; // of several hosts
        settings.TargetSessionAttributes = null;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        // Nothing here uses a type of its own, and to read the server's takes longer than all else that a short command asks.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(kind.ReadsTypes));
        builder.UsePhysicalConnectionInitializer(
            connection => Prepare(connection, kind),
            connection => PrepareAsync(connection, kind, CancellationToken.None));
        return target is null ? builder.Build() : builder.BuildMultiHost().WithTargetSession(Target(target));
    }

    /// <summary>Opens one session, not pooled. However it ends, the things that it holds end with it.</summary>
    /// <exception cref="UnfitDatabaseException"> The connection string asks for what cannot be kept, or the session is not such as is
    /// needed. </exception>
    public static async Task<NpgsqlConnection> OpenAsync(string connectionString, SessionKind kind, CancellationToken cancel)
    {
        var settings = ConnectionString.For(connectionString, kind);
        settings.Pooling = false;
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancel);
            await PrepareAsync(connection, kind, cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static void Prepare(NpgsqlConnection connection, SessionKind kind)
    {
        using var batch = Batch(connection, kind);
        using var reader = batch.ExecuteReader();
        if (reader.NextResult() && reader.Read())
            throw new UnfitDatabaseException(reader.GetString(0));
    }

    private static async Task PrepareAsync(NpgsqlConnection connection, SessionKind kind, CancellationToken cancel)
    {
        await using var batch = Batch(connection, kind);
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        if (await reader.NextResultAsync(cancel) && await reader.ReadAsync(cancel))
            throw new UnfitDatabaseException(reader.GetString(0));
    }

    /// <summary>One round trip. The rows of its last statement are what the session is refused for.</summary>
    private static NpgsqlBatch Batch(NpgsqlConnection connection, SessionKind kind)
    {
        var settings = new Dictionary<string, string>(s_always);
        foreach (var (name, value) in kind.Settings)
            settings[name] = value;
        return new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                // First: these decide what the names in the statements after them mean, and who asks.
                new NpgsqlBatchCommand("set search_path = pg_catalog, pg_temp"),
                new NpgsqlBatchCommand(kind.Role is { } role ? $"set role {role}" : "-- the role that logged in"),
                new NpgsqlBatchCommand(ApplySql)
                {
                    Parameters = { new() { Value = settings.Keys.ToArray() }, new() { Value = settings.Values.ToArray() } },
                },
                new NpgsqlBatchCommand(RefuseSql),
            },
        };
    }

    private static TargetSessionAttributes Target(string target) =>
        Enum.Parse<TargetSessionAttributes>(target.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}
