using Ledger.Database;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Log;

/// <summary>The integrated tree, as committed.</summary>
/// <param name="Origin">The log's name. Null until the first writer named it.</param>
/// <param name="Size">Number of leaves.</param>
/// <param name="Root">The root of the leaves.</param>
/// <param name="Now">The database's clock, read before the statements that follow. They see everything committed by then.</param>
internal sealed record LogState(string? Origin, long Size, byte[] Root, DateTimeOffset Now)
{
    private static readonly string LockSql = Sql.Load(typeof(LogState), nameof(TryLockAsync));
    private static readonly string ReadSql = Sql.Load(typeof(LogState), nameof(ReadAsync));

    /// <summary>Takes the fence for this transaction. Null if another writer has it.</summary>
    public static Task<LogState?> TryLockAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        OneAsync(connection, LockSql, cancel);

    /// <summary>The state that is committed now.</summary>
    public static async Task<LogState> ReadAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        await OneAsync(connection, ReadSql, cancel)
        ?? throw new LogException("the database has lost the log's state (log_state is empty): restore it from a backup");

    private static async Task<LogState?> OneAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? new LogState(
                await reader.IsDBNullAsync(0, cancel) ? null : reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2),
                reader.GetFieldValue<DateTimeOffset>(3))
            : null;
    }
}
