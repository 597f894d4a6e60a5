using Npgsql;

namespace Ledger.Database.Checks;

/// <summary>
/// Finds a pooler that does not keep a session: between two statements it may give its connection to another client. Locks, settings and
/// prepared statements are a session's, so nothing of the ledger's holds behind one.
/// </summary>
internal static class PoolerProbe
{
    private const int AnswerSeconds = 15;

    private const string Refused =
        "a connection pooler in transaction or statement mode stands before the database, and does not keep sessions: "
        + "set `pool_mode = session` for this database in it, or connect to PostgreSQL itself";

    /// <summary>The problem, in words; null if a session is kept. Takes a few connections of its own for a moment.</summary>
    /// <remarks>
    /// Idle between two statements, a session in such a pooler has no connection to the server. So others open transactions meanwhile, each
    /// of which takes one. Either one of them gets the one that was this session's, or this session goes on with another one.
    /// </remarks>
    /// <exception cref="UnfitDatabaseException">The probe could not tell, for want of a connection.</exception>
    public static async Task<string?> ProblemAsync(string connectionString, CancellationToken cancel)
    {
        var held = new List<NpgsqlConnection>();
        try
        {
            await using var asked = await OpenAsync(connectionString, cancel);
            var backend = await BackendAsync(asked, "", cancel);
            // The server itself tells a client its process. A pooler makes a number up: then it is worth a closer look.
            var others = asked.ProcessID == backend ? 1 : 4;
            for (var other = 0; other < others; other++)
            {
                held.Add(await OpenAsync(connectionString, cancel));
                if (await BackendAsync(held[^1], "begin;", cancel) == backend || await BackendAsync(asked, "", cancel) != backend)
                    return Refused;
            }
            return null;
        }
        catch (PostgresException e) when (e.MessageText.Contains("statement pool", StringComparison.Ordinal))
        {
            return Refused;
        }
        catch (NpgsqlException e) when (e.InnerException is TimeoutException && held.Count > 0)
        {
            throw new UnfitDatabaseException(
                $"a second connection to the database had no answer within {AnswerSeconds} s: "
                + "let the pooler before it, or the server, take more connections",
                e);
        }
        finally
        {
            foreach (var connection in held)
                await connection.DisposeAsync();
        }
    }

    /// <summary>Nothing is set on it: behind a pooler of the wrong kind, that would be another client's.</summary>
    private static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken cancel)
    {
        var settings = ConnectionString.For(connectionString, SessionKind.Requests);
        (settings.Pooling, settings.CommandTimeout, settings.MaxAutoPrepare) = (false, AnswerSeconds, 0);
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancel);
        return connection;
    }

    private static async Task<int> BackendAsync(NpgsqlConnection connection, string first, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"{first}select pg_catalog.pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync(cancel))!;
    }
}
