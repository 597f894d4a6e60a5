using Ledger.Contracts.Jobs;
using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

public enum DeliveryState
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
/// <param name="NextAttemptAt">While one is under way, when it began; null once sent or given up.</param>
/// <param name="LastError">Why the last attempt failed, in words of the ledger's own; null once sent.</param>
/// <param name="SentAt">When it was handed over; null: it is not.</param>
/// <param name="GivenUpAt">When it was given up; null: it is not.</param>
/// <param name="ReplayedBy">Who asked last that it be sent again; null: nobody.</param>
/// <param name="ReplayedAt">When they asked.</param>
public sealed record DeliveryEntry(
    Guid Id, NotificationKind Kind, JobId Job, string Bot, string Recipient, DateTimeOffset QueuedAt, string? MessageId, int Attempts,
    DateTimeOffset? NextAttemptAt, string? LastError, DateTimeOffset? SentAt, DateTimeOffset? GivenUpAt, string? ReplayedBy,
    DateTimeOffset? ReplayedAt)
{
    public DeliveryState State => this switch
    {
        { SentAt: not null } => DeliveryState.Sent,
        { GivenUpAt: not null } => DeliveryState.GivenUp,
        { LastError: not null } => DeliveryState.Retrying,
        _ => DeliveryState.Waiting,
    };

    /// <summary>Without the members: a recipient is a person's address.</summary>
    public override string ToString() => nameof(DeliveryEntry);
}

/// <summary>One page of deliveries, newest first.</summary>
/// <param name="Next">What the next page comes after; null on the last.</param>
public sealed record DeliveryPage(IReadOnlyList<DeliveryEntry> Entries, Guid? Next);

/// <summary>
/// Shows what became of mails and webhook messages. Recipients are people's addresses: for administrators and auditors alone.
/// </summary>
public sealed class DeliveryReader(NpgsqlDataSource database)
{
    private static readonly string ListSql = Sql.Load(typeof(DeliveryReader), nameof(ListAsync));

    /// <param name="bots">Only of these bots; null: of all.</param>
    /// <param name="undeliveredOnly">Only those that are not sent: waiting, to be tried again, or given up.</param>
    /// <param name="limit">1 to 10,000.</param>
    /// <param name="after">The <see cref="DeliveryPage.Next"/> of an earlier page; after one that never was comes nothing.</param>
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
        row.GetGuid(0), Notification.KindOf(row.GetString(1)), new JobId(row.GetGuid(2)), row.GetString(3), row.GetString(4),
        row.GetFieldValue<DateTimeOffset>(5), Text(row, 6), row.GetInt32(7), Instant(row, 8), Text(row, 9), Instant(row, 10),
        Instant(row, 11), Text(row, 12), Instant(row, 13));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Instant(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
