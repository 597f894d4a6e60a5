using System.Data;
using Npgsql;

namespace Ledger.Audit;

/// <summary>
/// The database as it was at one instant, read over several connections at once. The audit does not see what is appended meanwhile, and
/// nobody waits for the audit.
/// </summary>
internal sealed class AuditSnapshot : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly List<(NpgsqlConnection Connection, NpgsqlTransaction Transaction)> _open = [];
    private readonly Stack<NpgsqlConnection> _free = [];
    private string? _name;

    private AuditSnapshot(NpgsqlDataSource database) => _database = database;

    public static async Task<AuditSnapshot> TakeAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        var snapshot = new AuditSnapshot(database);
        try
        {
            var first = await snapshot.ConnectAsync(cancel);
            await using var export = new NpgsqlCommand("select pg_export_snapshot()", first);
            snapshot._name = (string)(await export.ExecuteScalarAsync(cancel))!;
            snapshot.Return(first);
            return snapshot;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection to the same instant, for one reader. It lives as long as the snapshot.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancel)
    {
        lock (_open)
        {
            if (_free.TryPop(out var free))
                return free;
        }
        var connection = await _database.OpenConnectionAsync(cancel);
        // "repeatable read" is also what lets a transaction take over another's snapshot.
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        lock (_open)
            _open.Add((connection, transaction));
        // Rows are to come in order as they are read, not after the server has sorted all of them.
        await using var begin = new NpgsqlCommand(
            $"{(_name is null ? "" : $"set transaction snapshot '{_name}';")} set transaction read only; set local enable_sort = off; "
            + "set local enable_hashjoin = off; set local jit = off",
            connection);
        await begin.ExecuteNonQueryAsync(cancel);
        return connection;
    }

    /// <summary>Takes back the connection of a reader that has finished. The next reader may have it.</summary>
    public void Return(NpgsqlConnection connection)
    {
        lock (_open)
            _free.Push(connection);
    }

    /// <summary>A statement on a connection of this snapshot, without a time limit.</summary>
    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values)
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        return command;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (connection, transaction) in _open)
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
