using Ledger.Contracts;
using Ledger.Database;
using Ledger.Engine;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

/// <summary>
/// Has mail and webhook messages sent again. It writes to the engine's tables, so that a program without the engine can ask too.
/// </summary>
public sealed class DeliveryReplay(NpgsqlDataSource database)
{
    private static readonly string ChooseSql = Sql.Load(typeof(DeliveryReplay), nameof(ChooseAsync));
    private static readonly string MakeMessageSql = Sql.Load(typeof(DeliveryReplay), nameof(MakeMessage));

    /// <summary>
    /// Begins deliveries again, at once and under the same message id. They go to the recipient in the bot's settings as they are now. A
    /// delivery that was sent is not sent again. A delivery that lost its message gets a new one.
    /// </summary>
    /// <param name="ids">Only these. Null for all that were given up.</param>
    /// <param name="bots">Only deliveries of these bots. Null for all.</param>
    /// <param name="by">The person who asks, for the record.</param>
    /// <param name="cancel">Stops the write.</param>
    /// <returns>Number of deliveries to send.</returns>
    public async Task<int> ReplayAsync(
        IReadOnlyCollection<Guid>? ids, IReadOnlyCollection<string>? bots, string by, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var chosen = await ChooseAsync(connection, ids, bots, by, cancel);
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var (delivery, kind, fresh) in chosen)
        {
            if (fresh is { } id)
                batch.BatchCommands.Add(MakeMessage(delivery, StoredMessage.Of(id, Notification.MessageOf(kind, delivery)), id));
        }
        if (batch.BatchCommands.Count > 0)
            await batch.ExecuteNonQueryAsync(cancel);
        await transaction.CommitAsync(cancel);
        return chosen.Count;
    }

    /// <summary>Stores the messages of deliveries that have none, for a program without the engine. A node finds them.</summary>
    /// <param name="connection">In the transaction that records the deliveries.</param>
    /// <param name="deliveries">The deliveries.</param>
    /// <param name="cancel">Stops the write.</param>
    internal static async Task StoreAsync(
        NpgsqlConnection connection, IEnumerable<(NotificationKind Kind, Guid Delivery)> deliveries, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var (kind, delivery) in deliveries)
        {
            // A name that nothing else has, and the same for every attempt to store it.
            var id = NamedUuid.Create(delivery, "message");
            batch.BatchCommands.Add(MakeMessage(delivery, StoredMessage.Of(id, Notification.MessageOf(kind, delivery)), id));
        }
        await batch.ExecuteNonQueryAsync(cancel);
    }

    /// <returns>The deliveries, each with the id of a message to make. Null if it has a message.</returns>
    private static async Task<IReadOnlyList<(Guid Delivery, NotificationKind Kind, Guid? Fresh)>> ChooseAsync(
        NpgsqlConnection connection, IReadOnlyCollection<Guid>? ids, IReadOnlyCollection<string>? bots, string by, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ChooseSql, connection);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Uuid, (object?)ids?.ToArray() ?? DBNull.Value);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Text, (object?)bots?.ToArray() ?? DBNull.Value);
        command.Parameters.AddWithValue(by);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var chosen = new List<(Guid, NotificationKind, Guid?)>();
        while (await reader.ReadAsync(cancel))
        {
            Guid? fresh = await reader.IsDBNullAsync(2, cancel) ? null : reader.GetGuid(2);
            chosen.Add((reader.GetGuid(0), Notification.KindOf(reader.GetString(1)), fresh));
        }
        return chosen;
    }

    private static NpgsqlBatchCommand MakeMessage(Guid delivery, StoredMessage message, Guid id) => new(MakeMessageSql)
    {
        Parameters =
        {
            new() { Value = delivery }, new() { Value = id }, new() { Value = message.Body }, new() { Value = message.Type },
            new() { Value = message.Queue },
        },
    };
}
