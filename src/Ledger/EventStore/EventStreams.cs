using System.Runtime.CompilerServices;
using Ledger.Contracts;
using Ledger.Database;
using Npgsql;

namespace Ledger.EventStore;

/// <summary>An event as it stands in a stream.</summary>
/// <param name="Version">1 for the stream's first event.</param>
/// <param name="At">The instant at which it was recorded, in whole milliseconds.</param>
public sealed record RecordedEvent(long Version, object Event, DateTimeOffset At);

/// <summary>Reads event streams, one event at a time: a stream can be longer than memory.</summary>
public static class EventStreams
{
    private static readonly string ReadSql = Sql.Load(typeof(EventStreams), nameof(ReadAsync));

    /// <summary>The stream's events in order; none for a stream that does not exist.</summary>
    public static async IAsyncEnumerable<RecordedEvent> ReadAsync(
        NpgsqlConnection connection, Guid stream, long afterVersion = 0, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await using var command = new NpgsqlCommand(ReadSql, connection)
        {
            Parameters = { new() { Value = stream }, new() { Value = afterVersion } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            yield return new RecordedEvent(
                reader.GetInt64(0), EventType.Read(reader.GetString(1), reader.GetString(2)), reader.GetFieldValue<DateTimeOffset>(3));
    }
}
