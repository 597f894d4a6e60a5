using Ledger.Contracts;
using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.EventStore;

/// <summary>An event as it stands in a stream.</summary>
/// <param name="Version">1 for the stream's first event.</param>
/// <param name="At">When it was recorded, in whole milliseconds.</param>
public sealed record RecordedEvent(long Version, object Event, DateTimeOffset At);

/// <summary>
/// Appends to and reads from event streams in Marten's tables. An append travels as one command of a batch, so that the events and
/// the documents projected from them share one round trip and one transaction.
/// </summary>
public static class EventStreams
{
    private const string WrongExpectedVersion = "LV409";
    private static readonly string AppendSql = Sql.Load(typeof(EventStreams), nameof(Append));
    private static readonly string ReadSql = Sql.Load(typeof(EventStreams), nameof(ReadAsync));

    /// <summary>The append of <paramref name="events"/> to a stream that must be at <paramref name="expectedVersion"/> (0: must not exist).</summary>
    /// <remarks>Where the stream is elsewhere, the batch fails: see <see cref="IsWrongExpectedVersion"/>. Nothing of it is then recorded.</remarks>
    public static NpgsqlBatchCommand Append(Guid stream, string streamType, long expectedVersion, DateTimeOffset at, IReadOnlyList<object> events)
    {
        var types = new string[events.Count];
        var clrNames = new string[events.Count];
        var data = new string[events.Count];
        for (var i = 0; i < events.Count; i++)
        {
            var type = EventType.Of(events[i]);
            (types[i], clrNames[i], data[i]) = (type.Name, type.ClrName, type.Write(events[i]));
            // A UTF-16 unit is at most 3 bytes: only a long event is measured exactly.
            if (data[i].Length > Limits.EventBytes / 3 && System.Text.Encoding.UTF8.GetByteCount(data[i]) > Limits.EventBytes)
                throw new InvalidOperationException($"a {type.Name} event exceeds {Limits.EventBytes} bytes");
        }
        return new NpgsqlBatchCommand(AppendSql)
        {
            Parameters =
            {
                new() { Value = stream }, new() { Value = streamType }, new() { Value = expectedVersion }, new() { Value = Instant.Truncate(at).UtcDateTime },
                new() { Value = types }, new() { Value = clrNames }, new() { Value = data, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb },
            },
        };
    }

    /// <summary>Whether the database says that another writer was first.</summary>
    public static bool IsWrongExpectedVersion(PostgresException e) => e.SqlState == WrongExpectedVersion
        || (e.SqlState == PostgresErrorCodes.UniqueViolation && e.ConstraintName is "pkey_mt_streams_id" or "pk_mt_events_stream_and_version");

    /// <summary>The stream's events in order; none for a stream that does not exist.</summary>
    public static async IAsyncEnumerable<RecordedEvent> ReadAsync(
        NpgsqlConnection connection, Guid stream, long afterVersion = 0, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel = default)
    {
        await using var command = new NpgsqlCommand(ReadSql, connection) { Parameters = { new() { Value = stream }, new() { Value = afterVersion } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            yield return new RecordedEvent(reader.GetInt64(0), EventType.Read(reader.GetString(1), reader.GetString(2)), reader.GetFieldValue<DateTimeOffset>(3));
    }
}
