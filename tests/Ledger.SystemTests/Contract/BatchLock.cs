using Ledger.Holds;
using Npgsql;

namespace Ledger.SystemTests.Contract;

/// <summary>The lock that a running batch of a bot has, until it is disposed.</summary>
internal sealed class BatchLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private BatchLock(NpgsqlConnection connection) => _connection = connection;

    public static async Task<BatchLock> ShareAsync(TestService node, string bot)
    {
        var connection = new NpgsqlConnection(node.Database.Superuser);
        await connection.OpenAsync();
        await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { HoldLock.Share(bot) } };
        await batch.ExecuteNonQueryAsync();
        return new BatchLock(connection);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
