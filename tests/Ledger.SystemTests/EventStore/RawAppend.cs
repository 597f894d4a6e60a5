using System.Security.Cryptography;
using Ledger.Contracts;
using Ledger.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.SystemTests.EventStore;

/// <summary>
/// Marten's own append function, called by itself: for events that no document could follow from, and for long streams that are made fast.
/// </summary>
internal static class RawAppend
{
    /// <param name="stream">The stream.</param>
    /// <param name="streamType">Its type.</param>
    /// <param name="expectedVersion">Where it must be; 0: it must not exist.</param>
    /// <param name="at">The instant that they are recorded with.</param>
    /// <param name="events">What to append.</param>
    public static NpgsqlBatchCommand Command(
        Guid stream, string streamType, long expectedVersion, DateTimeOffset at, IReadOnlyList<object> events) =>
        new("select ledger.mt_quick_append_events($1, $2, '*DEFAULT*', $3, $4, $5, $6, $7, $8, $9)")
        {
            Parameters =
            {
                new() { Value = stream }, Of(NpgsqlDbType.Varchar, streamType),
                new() { Value = events.Select(_ => new Guid(RandomNumberGenerator.GetBytes(16))).ToArray() },
                Of(NpgsqlDbType.Array | NpgsqlDbType.Varchar, events.Select(one => EventType.Of(one).Name).ToArray()),
                Of(NpgsqlDbType.Array | NpgsqlDbType.Varchar, events.Select(one => EventType.Of(one).ClrName).ToArray()),
                Of(NpgsqlDbType.Array | NpgsqlDbType.Jsonb, events.Select(one => EventType.Of(one).Write(one)).ToArray()),
                Of(NpgsqlDbType.Array | NpgsqlDbType.Bytea, new byte[]?[events.Count]),
                Of(NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, events.Select(_ => Instant.Truncate(at).UtcDateTime).ToArray()),
                new() { Value = expectedVersion },
            },
        };

    /// <summary>
    /// An event as somebody inserts it who owns the database: past the list of types and the rules for leaves. The stream grows by it, so
    /// that the log takes it up.
    /// </summary>
    /// <param name="version">The stream's next.</param>
    /// <param name="at">An instant in quotes, or an expression.</param>
    public static string Insertion(Guid stream, long version, string type, string data, string at = "now()") =>
        $"""
        alter table ledger.mt_events disable trigger events_can_be_leaves;
        insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        values (nextval('ledger.mt_events_sequence'), gen_random_uuid(), '{stream}', {version}, $odd${data}$odd$, '{type}', {at});
        update ledger.mt_streams set version = {version} where id = '{stream}';
        alter table ledger.mt_events enable always trigger events_can_be_leaves;
        """;

    /// <summary>Whether the database says that another writer was first.</summary>
    public static bool IsLostRace(Exception e) => AppendFailure.Of(e) is LostRaceException;

    private static NpgsqlParameter Of(NpgsqlDbType type, object value) => new() { Value = value, NpgsqlDbType = type };
}
