using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Holds;
using Ledger.Projections;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

/// <summary>A notification of a job's end, as it stands before an attempt.</summary>
/// <param name="Notification">The notification, without a message id before the first attempt. Its attempt is the latest that began, or
/// 0.</param>
/// <param name="IsSent">True if it was handed over.</param>
/// <param name="IsGivenUp">True if no more attempts are made until somebody asks for one.</param>
/// <param name="Message">The message that sends it. Null for the first message that is handled.</param>
public sealed record FoundDelivery(Notification Notification, bool IsSent, bool IsGivenUp, Guid? Message);

/// <summary>
/// The record of each mail and webhook message. A row is written in the transaction that ends the job or the legal hold, with the message
/// that sends it. The row waits for nothing: the engine's messages do.
/// </summary>
public sealed class Deliveries(NpgsqlDataSource database)
{
    private static readonly string QueueSql = Sql.Load(typeof(Deliveries), nameof(QueueAsync));
    private static readonly string CancelSql = Sql.Load(typeof(Deliveries), nameof(CancelAsync));
    private static readonly string FindSql = Sql.Load(typeof(Deliveries), nameof(FindAsync));
    private static readonly string BeginSql = Sql.Load(typeof(Deliveries), nameof(BeginAsync));
    private static readonly string SentSql = Sql.Load(typeof(Deliveries), nameof(SentAsync));
    private static readonly string FailedSql = Sql.Load(typeof(Deliveries), nameof(FailedAsync));

    /// <summary>Maximum number of jobs that a notification of a hold's end names. It says how many there are, and where all are.</summary>
    private const int JobsOfHold = 1000;

    /// <summary>
    /// Queues the notifications of a job's end, in the transaction that ends it, or of its deadline. Queues nothing that was queued before,
    /// and nothing if the bot has neither an owner mail nor a webhook.
    /// </summary>
    /// <param name="transaction">The transaction that ends the job, or one of its own.</param>
    /// <param name="messages">The engine's messages, which get the new ones.</param>
    /// <param name="job">The job.</param>
    /// <param name="bot">Its bot.</param>
    /// <param name="topic">The reason.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Number of notifications that were queued.</returns>
    public static async Task<int> QueueAsync(
        StreamTransaction transaction, Messages messages, JobId job, string bot, NotificationTopic topic, CancellationToken cancel)
    {
        var queued = await RecordAsync(transaction, job.Value, hold: null, job.ToString(), bot, topic, cancel);
        if (queued.Count > 0 && await transaction.OutboxAsync(messages) is { } outbox)
            await SendAsync(outbox, queued);
        return queued.Count;
    }

    /// <summary>
    /// Queues the notifications of a legal hold's end, in the transaction that ends it. A program without the engine leaves them to a node.
    /// </summary>
    /// <param name="transaction">The transaction that ends the hold.</param>
    /// <param name="messages">The engine's messages, which get the new ones.</param>
    /// <param name="hold">The hold.</param>
    /// <param name="bot">Its bot.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task QueueHoldAsync(
        StreamTransaction transaction, Messages messages, HoldId hold, string bot, CancellationToken cancel)
    {
        var queued = await RecordAsync(transaction, job: null, hold.Value, hold.ToString(), bot, NotificationTopic.Ended, cancel);
        if (queued.Count == 0)
            return;
        if (await transaction.OutboxAsync(messages) is { } outbox)
            await SendAsync(outbox, queued);
        else
            await DeliveryReplay.StoreAsync(transaction.Connection, queued, cancel);
    }

    private static async Task SendAsync(Outbox outbox, IReadOnlyList<(NotificationKind Kind, Guid Delivery)> queued)
    {
        foreach (var (kind, delivery) in queued)
            await outbox.SendAsync(Notification.MessageOf(kind, delivery), TimeSpan.Zero);
    }

    private static async Task<IReadOnlyList<(NotificationKind Kind, Guid Delivery)>> RecordAsync(
        StreamTransaction transaction, Guid? job, Guid? hold, string about, string bot, NotificationTopic topic, CancellationToken cancel)
    {
        var queued = new List<(NotificationKind, Guid)>();
        await using var command = new NpgsqlCommand(QueueSql, transaction.Connection);
        command.Parameters.AddWithValue(NpgsqlDbType.Uuid, (object?)job ?? DBNull.Value);
        command.Parameters.AddWithValue(bot);
        command.Parameters.AddWithValue(StreamIds.Bot(bot));
        command.Parameters.AddWithValue(Notification.IdOf(about, NotificationKind.Mail, topic));
        command.Parameters.AddWithValue(Notification.IdOf(about, NotificationKind.Webhook, topic));
        command.Parameters.AddWithValue(NpgsqlDbType.Uuid, (object?)hold ?? DBNull.Value);
        command.Parameters.AddWithValue(Notification.Word(topic));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            queued.Add((Notification.KindOf(reader.GetString(1)), reader.GetGuid(0)));
        return queued;
    }

    /// <summary>Removes a job's deliveries that are not sent yet, in the transaction that forgets the job.</summary>
    public static async Task CancelAsync(NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        Guid[] deliveries =
        [
            .. Enum.GetValues<NotificationKind>().SelectMany(
                kind => Enum.GetValues<NotificationTopic>().Select(topic => Notification.IdOf(job, kind, topic))),
        ];
        // It waits for whoever has them: what was destroyed before it, in the same transaction, may have taken long.
        await using var command = new NpgsqlCommand(CancelSql, connection)
        {
            Parameters = { new() { Value = deliveries } },
            CommandTimeout = 0,
        };
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>One delivery, with its recipient by the bot's settings as they are now.</summary>
    /// <returns>The delivery. Null if it is not there.</returns>
    public async Task<FoundDelivery?> FindAsync(Guid delivery, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindSql);
        command.Parameters.AddWithValue(delivery);
        command.Parameters.AddWithValue(JobsOfHold);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        var isOfJob = !await reader.IsDBNullAsync(0, cancel);
        var notification = new Notification(
            delivery,
            isOfJob ? new JobId(reader.GetGuid(0)) : default,
            reader.GetString(1),
            await reader.IsDBNullAsync(2, cancel) ? null : reader.GetString(2),
            await reader.IsDBNullAsync(3, cancel) ? "" : reader.GetString(3),
            reader.GetInt32(4),
            isOfJob ? JsonSerializer.Deserialize(reader.GetString(5), DocumentJson.Default.JobStatus)! : null!,
            await reader.IsDBNullAsync(6, cancel) ? null : reader.GetFieldValue<byte[]>(6),
            isOfJob ? null : Hold(reader),
            Notification.TopicOf(reader.GetString(14)),
            await reader.IsDBNullAsync(15, cancel) ? null : reader.GetFieldValue<DateOnly>(15),
            reader.GetFieldValue<DateTimeOffset>(16));
        return new FoundDelivery(
            notification, reader.GetBoolean(7), reader.GetBoolean(8), await reader.IsDBNullAsync(9, cancel) ? null : reader.GetGuid(9));
    }

    private static HoldNotice Hold(NpgsqlDataReader reader) => new(
        JsonSerializer.Deserialize(reader.GetString(10), DocumentJson.Default.LegalHold)!,
        [
            .. reader.GetFieldValue<Guid[]>(11).Zip(reader.GetFieldValue<long[]>(12), (job, count) =>
                new HeldJob(new JobId(job), count)),
        ],
        reader.GetInt64(13));

    /// <summary>Counts an attempt, before anything is sent. A node that dies after this has made the attempt.</summary>
    /// <param name="notification">The delivery.</param>
    /// <param name="messageId">The text before and after the delivery's id, if it has no message id yet.</param>
    /// <param name="message">The message that is handled. Null if there is none.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The attempt. Null if another handler has the message, or there is nothing left to send.</returns>
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

    /// <summary>Records that the delivery was sent, even if another attempt has begun since.</summary>
    public async Task SentAsync(Guid delivery, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(SentSql);
        command.Parameters.AddWithValue(delivery);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Records that the attempt failed.</summary>
    /// <param name="notification">The attempt.</param>
    /// <param name="problem">The problem, in the ledger's own words.</param>
    /// <param name="retryAfter">The wait before the next attempt. Null to give up.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>True if it is recorded. False if somebody has asked for a new beginning since.</returns>
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
