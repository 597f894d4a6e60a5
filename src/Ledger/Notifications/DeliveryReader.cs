using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

public enum DeliveryState
{
    /// <summary>Queued, and no attempt has failed.</summary>
    Waiting,

    /// <summary>An attempt has failed. The next one is planned.</summary>
    Retrying,

    /// <summary>Handed over.</summary>
    Sent,

    /// <summary>No more attempts are planned until somebody asks for one.</summary>
    GivenUp,
}

/// <summary>The present state of a mail or a webhook message about the end of a job or of a legal hold.</summary>
/// <param name="Job">The job. Null if it is about a legal hold.</param>
/// <param name="Hold">The legal hold. Null if it is about a job.</param>
/// <param name="Recipient">The address that it went to last, or is to go to.</param>
/// <param name="MessageId">The Message-ID or webhook-id of every attempt. Null before the first.</param>
/// <param name="Attempts">Number of attempts that began, since somebody asked last.</param>
/// <param name="NextAttemptAt">The instant of the next attempt. During an attempt, the instant when it began. Null once sent or given
/// up.</param>
/// <param name="LastError">The reason that the last attempt failed, in the ledger's own words. Null once sent.</param>
/// <param name="SentAt">The instant when it was handed over. Null if it was not.</param>
/// <param name="GivenUpAt">The instant when it was given up. Null if it was not.</param>
/// <param name="ReplayedBy">The person who asked last to send it again. Null if nobody did.</param>
/// <param name="ReplayedAt">The instant when they asked.</param>
public sealed record DeliveryEntry(
    Guid Id, NotificationKind Kind, JobId? Job, HoldId? Hold, string Bot, string Recipient, DateTimeOffset QueuedAt, string? MessageId,
    int Attempts, DateTimeOffset? NextAttemptAt, string? LastError, DateTimeOffset? SentAt, DateTimeOffset? GivenUpAt, string? ReplayedBy,
    DateTimeOffset? ReplayedAt)
{
    /// <summary>The id of the job or the hold.</summary>
    public string About => Job?.ToString() ?? Hold.ToString()!;

    public DeliveryState State => this switch
    {
        { SentAt: not null } => DeliveryState.Sent,
        { GivenUpAt: not null } => DeliveryState.GivenUp,
        { LastError: not null } => DeliveryState.Retrying,
        _ => DeliveryState.Waiting,
    };

    /// <summary>The type's name without its members, because a recipient is a person's address.</summary>
    public override string ToString() => nameof(DeliveryEntry);
}

/// <summary>One page of deliveries, newest first.</summary>
/// <param name="Next">The entry after which the next page begins. Null on the last page.</param>
public sealed record DeliveryPage(IReadOnlyList<DeliveryEntry> Entries, Guid? Next);

/// <summary>
/// Lists mails and webhook messages with their results. Recipients are people's addresses, so only administrators and auditors may see
/// them.
/// </summary>
public sealed class DeliveryReader(NpgsqlDataSource database)
{
    private static readonly string ListSql = Sql.Load(typeof(DeliveryReader), nameof(ListAsync));

    /// <param name="bots">Only deliveries of these bots. Null for all.</param>
    /// <param name="undeliveredOnly">True for only those that are not sent: waiting, to be tried again, or given up.</param>
    /// <param name="limit">1 to 10,000.</param>
    /// <param name="after">The <see cref="DeliveryPage.Next"/> of an earlier page. An unknown value gives an empty page.</param>
    /// <param name="cancel">Stops the read.</param>
    public async Task<DeliveryPage> ListAsync(
        IReadOnlyCollection<string>? bots, bool undeliveredOnly, int limit, Guid? after, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ListSql);
        command.Parameters.Add(Bots(bots));
        command.Parameters.AddWithValue(undeliveredOnly);
        command.Parameters.AddWithValue(NpgsqlDbType.Uuid, (object?)after ?? DBNull.Value);
        command.Parameters.AddWithValue(limit + 1);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var entries = new List<DeliveryEntry>();
        while (await reader.ReadAsync(cancel))
        {
            if (entries.Count == limit)
                return new DeliveryPage(entries, entries[^1].Id);
            entries.Add(Entry(reader));
        }
        return new DeliveryPage(entries, null);
    }

    private static NpgsqlParameter Bots(IReadOnlyCollection<string>? bots) => new()
    {
        Value = (object?)bots?.ToArray() ?? DBNull.Value,
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
    };

    private static DeliveryEntry Entry(NpgsqlDataReader row) => new(
        row.GetGuid(0), Notification.KindOf(row.GetString(1)), row.IsDBNull(2) ? null : new JobId(row.GetGuid(2)),
        row.IsDBNull(14) ? null : new HoldId(row.GetGuid(14)), row.GetString(3), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5),
        Text(row, 6), row.GetInt32(7), Instant(row, 8), Text(row, 9), Instant(row, 10), Instant(row, 11), Text(row, 12), Instant(row, 13));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Instant(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
