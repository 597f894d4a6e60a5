using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Projections;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

/// <summary>What is told of a job's end, as it stands before an attempt.</summary>
/// <param name="Notification">Without a message id before the first attempt. Its attempt is the latest that began; 0: none.</param>
/// <param name="IsSent">It was handed over.</param>
/// <param name="IsGivenUp">No attempt is made any more, until somebody asks for one.</param>
/// <param name="Message">The message that sends it; null: the first that is handled.</param>
public sealed record FoundDelivery(Notification Notification, bool IsSent, bool IsGivenUp, Guid? Message);

/// <summary>
/// The record of what became of each mail and webhook message. A row is written in the transaction that ends the job, with the message that
/// sends it. It waits for nothing: the engine's messages do.
/// </summary>
public sealed class Deliveries(NpgsqlDataSource database)
{
    private static readonly string QueueSql = Sql.Load(typeof(Deliveries), nameof(QueueAsync));
    private static readonly string CancelSql = Sql.Load(typeof(Deliveries), nameof(CancelAsync));
    private static readonly string FindSql = Sql.Load(typeof(Deliveries), nameof(FindAsync));
    private static readonly string BeginSql = Sql.Load(typeof(Deliveries), nameof(BeginAsync));
    private static readonly string SentSql = Sql.Load(typeof(Deliveries), nameof(SentAsync));
    private static readonly string FailedSql = Sql.Load(typeof(Deliveries), nameof(FailedAsync));

    /// <summary>
    /// Queues what is to be told of a job's end, for the transaction that ends it. Nothing, where the bot has neither owner mail nor a
    /// webhook.
    /// </summary>
    /// <param name="transaction">The one that ends the job.</param>
    /// <param name="messages">Where the messages go.</param>
    /// <param name="job">The job.</param>
    /// <param name="bot">Its bot.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task QueueAsync(StreamTransaction transaction, Messages messages, JobId job, string bot, CancellationToken cancel)
    {
        var queued = new List<object>();
        await using (var command = new NpgsqlCommand(QueueSql, transaction.Connection))
        {
            command.Parameters.AddWithValue(job.Value);
            command.Parameters.AddWithValue(bot);
            command.Parameters.AddWithValue(StreamIds.Bot(bot));
            command.Parameters.AddWithValue(Notification.IdOf(job, NotificationKind.Mail));
            command.Parameters.AddWithValue(Notification.IdOf(job, NotificationKind.Webhook));
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
                queued.Add(Notification.MessageOf(Notification.KindOf(reader.GetString(1)), reader.GetGuid(0)));
        }
        if (queued.Count == 0 || await transaction.OutboxAsync(messages) is not { } outbox)
            return;
        foreach (var message in queued)
            await outbox.SendAsync(message, TimeSpan.Zero);
    }

    /// <summary>Removes what a job's deliveries have not sent yet, for the transaction that forgets the job.</summary>
    public static async Task CancelAsync(NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        Guid[] deliveries = [.. Enum.GetValues<NotificationKind>().Select(kind => Notification.IdOf(job, kind))];
        // It waits for whoever has them: what was destroyed before it, in the same transaction, may have taken long.
        await using var command = new NpgsqlCommand(CancelSql, connection)
        {
            Parameters = { new() { Value = deliveries } },
            CommandTimeout = 0,
        };
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>One delivery, with where the bot's settings say now that it goes.</summary>
    /// <returns>Null: it is not there.</returns>
    public async Task<FoundDelivery?> FindAsync(Guid delivery, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindSql);
        command.Parameters.AddWithValue(delivery);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        var notification = new Notification(
            delivery,
            new JobId(reader.GetGuid(0)),
            reader.GetString(1),
            await reader.IsDBNullAsync(2, cancel) ? null : reader.GetString(2),
            await reader.IsDBNullAsync(3, cancel) ? "" : reader.GetString(3),
            reader.GetInt32(4),
            JsonSerializer.Deserialize(reader.GetString(5), DocumentJson.Default.JobStatus)!,
            await reader.IsDBNullAsync(6, cancel) ? null : reader.GetFieldValue<byte[]>(6));
        return new FoundDelivery(
            notification, reader.GetBoolean(7), reader.GetBoolean(8), await reader.IsDBNullAsync(9, cancel) ? null : reader.GetGuid(9));
    }

    /// <summary>Counts an attempt, before anything is sent. Whoever dies after this has made it.</summary>
    /// <param name="notification">The delivery.</param>
    /// <param name="messageId">Before and after the delivery's id, if it has no message id yet.</param>
    /// <param name="message">The message that is handled; null: there is none.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The attempt; null: the message is another handler's, or there is nothing to send any more.</returns>
    public async Task<Notification?> BeginAsync(
        Notification notification, (string Before, string After) messageId, HandledMessage? message, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(BeginSql);
        command.Parameters.AddWithValue(notification.Id);
        command.Parameters.AddWithValue(NpgsqlDbType.Text, (object?)notification.Recipient ?? DBNull.Value);
        command.Parameters.AddWithValue(messageId.Before);
        command.Parameters.AddWithValue(messageId.After);
        command.Parameters.AddWithValue(NpgsqlDbType.Uuid, (object?)message?.Id ?? DBNull.Value);
        command.Parameters.AddWithValue(NpgsqlDbType.Integer, (object?)message?.Node ?? DBNull.Value);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? notification with { Attempt = reader.GetInt32(0), MessageId = reader.GetString(1) } : null;
    }

    /// <summary>It was sent, whoever tries again since.</summary>
    public async Task SentAsync(Guid delivery, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(SentSql);
        command.Parameters.AddWithValue(delivery);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>The attempt failed.</summary>
    /// <param name="notification">The attempt.</param>
    /// <param name="problem">In words of the ledger's own.</param>
    /// <param name="retryAfter">Null: give up.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Whether it is recorded. It is not, where somebody has asked for a new beginning since.</returns>
    public async Task<bool> FailedAsync(Notification notification, string problem, TimeSpan? retryAfter, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FailedSql);
        command.Parameters.AddWithValue(notification.Id);
        command.Parameters.AddWithValue(notification.Attempt);
        command.Parameters.AddWithValue(problem);
        command.Parameters.AddWithValue(NpgsqlDbType.Interval, (object?)retryAfter ?? DBNull.Value);
        return await command.ExecuteNonQueryAsync(cancel) > 0;
    }
}
