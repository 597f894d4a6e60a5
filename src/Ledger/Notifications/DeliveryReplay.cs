using Ledger.Database;
using Ledger.Engine;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

/// <summary>
/// Has mail and webhook messages sent again. Works beside the engine, in its tables, so that a program without it can ask too.
/// </summary>
public sealed class DeliveryReplay(NpgsqlDataSource database)
{
    private static readonly string ChooseSql = Sql.Load(typeof(DeliveryReplay), nameof(ChooseAsync));
    private static readonly string MakeMessageSql = Sql.Load(typeof(DeliveryReplay), nameof(MakeMessage));

    /// <summary>
    /// Begins anew, at once, to where the bot's settings say now, under the same message id. What was sent is not sent again. What lost its
    /// message gets another.
    /// </summary>
    /// <param name="ids">These; null: all that were given up.</param>
    /// <param name="bots">Only of these bots; null: of all.</param>
    /// <param name="by">Who asks, for the record.</param>
    /// <param name="cancel">Stops the write.</param>
    /// <returns>How many are to be sent.</returns>
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

    /// <returns>The deliveries, with the id of a message that is to be made; null: there is one.</returns>
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
