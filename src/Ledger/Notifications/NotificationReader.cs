using Ledger.Contracts.Jobs;
using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

public enum NotificationState
{
    /// <summary>Queued, and no attempt has failed.</summary>
    Waiting,

    /// <summary>An attempt has failed; the next one is planned.</summary>
    Retrying,

    /// <summary>Handed over.</summary>
    Sent,

    /// <summary>No attempt is planned any more, until somebody asks for one.</summary>
    GivenUp,
}

/// <summary>A mail or a webhook message about a job's end, as it stands.</summary>
/// <param name="Recipient">Where it went last, or is to go.</param>
/// <param name="MessageId">The Message-ID or webhook-id of every attempt; null before the first.</param>
/// <param name="Attempts">Begun so far, since somebody asked last.</param>
/// <param name="NextAttemptAt">While one is under way, when it is taken for lost; null once sent or given up.</param>
/// <param name="LastError">Why the last attempt failed, in words of the ledger's own; null once sent.</param>
public sealed record NotificationEntry(
    Guid Id, NotificationKind Kind, JobId Job, string Bot, string Recipient, DateTimeOffset QueuedAt, string? MessageId, int Attempts,
    DateTimeOffset? NextAttemptAt, string? LastError, DateTimeOffset? SentAt, DateTimeOffset? GivenUpAt)
{
    public NotificationState State => this switch
    {
        { SentAt: not null } => NotificationState.Sent,
        { GivenUpAt: not null } => NotificationState.GivenUp,
        { LastError: not null } => NotificationState.Retrying,
        _ => NotificationState.Waiting,
    };

    /// <summary>Without the members: a recipient is a person's address.</summary>
    public override string ToString() => nameof(NotificationEntry);
}

/// <summary>One page of notifications, newest first.</summary>
/// <param name="Next">What the next page comes after; null on the last.</param>
public sealed record NotificationPage(IReadOnlyList<NotificationEntry> Entries, Guid? Next);

/// <summary>Shows what the outbox holds, and asks for another attempt. Recipients are people's addresses: for administrators and auditors alone.</summary>
public sealed class NotificationReader(NpgsqlDataSource database)
{
    private static readonly string ListSql = Sql.Load(typeof(NotificationReader), nameof(ListAsync));
    private static readonly string RetrySql = Sql.Load(typeof(NotificationReader), nameof(RetryAsync));

    /// <param name="bots">Only of these bots; null: of all.</param>
    /// <param name="undeliveredOnly">Only those that are not sent: waiting, to be tried again, or given up.</param>
    /// <param name="limit">1 to 10,000.</param>
    /// <param name="after">The <see cref="NotificationPage.Next"/> of an earlier page; after one that never was comes nothing.</param>
    /// <param name="cancel">Stops the read.</param>
    public async Task<NotificationPage> ListAsync(IReadOnlyCollection<string>? bots, bool undeliveredOnly, int limit, Guid? after, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ListSql);
        command.Parameters.Add(Bots(bots));
        command.Parameters.AddWithValue(undeliveredOnly);
        command.Parameters.AddWithValue(NpgsqlDbType.Uuid, (object?)after ?? DBNull.Value);
        command.Parameters.AddWithValue(limit + 1);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var entries = new List<NotificationEntry>();
        while (await reader.ReadAsync(cancel))
        {
            if (entries.Count == limit)
                return new NotificationPage(entries, entries[^1].Id);
            entries.Add(Entry(reader));
        }
        return new NotificationPage(entries, null);
    }

    /// <summary>Begins anew, at once, to where the bot's settings say now, under the same message id. What was sent is not sent again.</summary>
    /// <param name="ids">These; null: all that were given up.</param>
    /// <param name="bots">Only of these bots; null: of all.</param>
    /// <param name="cancel">Stops the write.</param>
    /// <returns>How many are to be sent.</returns>
    public async Task<int> RetryAsync(IReadOnlyCollection<Guid>? ids, IReadOnlyCollection<string>? bots, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(RetrySql);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Uuid, (object?)ids?.ToArray() ?? DBNull.Value);
        command.Parameters.Add(Bots(bots));
        return await command.ExecuteNonQueryAsync(cancel);
    }

    private static NpgsqlParameter Bots(IReadOnlyCollection<string>? bots) => new()
    {
        Value = (object?)bots?.ToArray() ?? DBNull.Value,
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
    };

    private static NotificationEntry Entry(NpgsqlDataReader row) => new(
        row.GetGuid(0), Notification.KindOf(row.GetString(1)), new JobId(row.GetGuid(2)), row.GetString(3), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5),
        Text(row, 6), row.GetInt32(7), Instant(row, 8), Text(row, 9), Instant(row, 10), Instant(row, 11));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Instant(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
