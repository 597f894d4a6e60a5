using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Projections;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

/// <summary>
/// What is to be sent and what was. An attempt is a lease, no lock: claiming commits before anything is sent, so that no transaction is open while a mail server takes its time, and a
/// node that dies or freezes is relieved when its lease ends. Whatever it had sent by then goes out again under the same message id.
/// </summary>
public sealed class NotificationOutbox(NpgsqlDataSource database)
{
    /// <summary>How long a claim holds: longer than any attempt may take.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private static readonly string QueueSql = Sql.Load(typeof(NotificationOutbox), nameof(Queue));
    private static readonly string ClaimSql = Sql.Load(typeof(NotificationOutbox), nameof(ClaimAsync));
    private static readonly string SentSql = Sql.Load(typeof(NotificationOutbox), nameof(SentAsync));
    private static readonly string FailedSql = Sql.Load(typeof(NotificationOutbox), nameof(FailedAsync));

    /// <summary>Queues what is to be told of a job's end, for the transaction that ends it: nothing, where the bot has neither owner mail nor webhook.</summary>
    public static NpgsqlBatchCommand Queue(JobId job, string bot) => new(QueueSql)
    {
        Parameters =
        {
            new() { Value = job.Value }, new() { Value = bot }, new() { Value = StreamIds.Bot(bot) },
            new() { Value = Notification.IdOf(job, NotificationKind.Mail) }, new() { Value = Notification.IdOf(job, NotificationKind.Webhook) },
        },
    };

    /// <summary>Claims notifications that are due, the longest first, at most <paramref name="limit"/>; what other nodes are about to claim is left to them.</summary>
    /// <param name="messageId">Before and after the notification's id, for those that have no message id yet.</param>
    public async Task<IReadOnlyList<Notification>> ClaimAsync(NotificationKind kind, (string Before, string After) messageId, int limit, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ClaimSql);
        command.Parameters.AddWithValue(Notification.Word(kind));
        command.Parameters.AddWithValue(limit);
        command.Parameters.AddWithValue(Lease);
        command.Parameters.AddWithValue(messageId.Before);
        command.Parameters.AddWithValue(messageId.After);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var claimed = new List<Notification>();
        while (await reader.ReadAsync(cancel))
        {
            claimed.Add(new Notification(
                reader.GetGuid(0),
                new JobId(reader.GetGuid(1)),
                reader.GetString(2),
                await reader.IsDBNullAsync(3, cancel) ? null : reader.GetString(3),
                reader.GetString(4),
                reader.GetInt32(5),
                JsonSerializer.Deserialize(reader.GetString(6), DocumentJson.Default.JobStatus)!,
                await reader.IsDBNullAsync(7, cancel) ? null : reader.GetFieldValue<byte[]>(7)));
        }
        return claimed;
    }

    /// <summary>It was sent, whoever has claimed it since.</summary>
    public async Task SentAsync(Notification notification, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(SentSql);
        command.Parameters.AddWithValue(notification.Id);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>The attempt failed; changes nothing where the claim is not this attempt's any more.</summary>
    /// <param name="retryAfter">Null: give up.</param>
    public async Task FailedAsync(Notification notification, string problem, TimeSpan? retryAfter, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FailedSql);
        command.Parameters.AddWithValue(notification.Id);
        command.Parameters.AddWithValue(notification.Attempt);
        command.Parameters.AddWithValue(problem);
        command.Parameters.AddWithValue(NpgsqlDbType.Interval, (object?)retryAfter ?? DBNull.Value);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
