using Npgsql;

namespace Ledger.Database;

/// <summary>Short ways to run one statement.</summary>
internal static class Statements
{
    /// <summary>Runs a statement that has no parameters and no rows.</summary>
    /// <exception cref="NpgsqlException">It failed.</exception>
    public static async Task ExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
