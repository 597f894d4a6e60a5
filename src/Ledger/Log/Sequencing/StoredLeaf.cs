using System.Runtime.CompilerServices;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Projections;
using Npgsql;

namespace Ledger.Log.Sequencing;

/// <summary>A sequenced event, read from its row.</summary>
/// <param name="Index">The index of its leaf.</param>
/// <param name="Stream">The stream's name, as in <see cref="LeafEntry.Stream"/>.</param>
/// <param name="At">The instant as stored.</param>
/// <param name="Data">The event's JSON as PostgreSQL writes it.</param>
public sealed record StoredLeaf(long Index, string Stream, long Version, string Type, DateTimeOffset At, byte[] Data)
{
    private static readonly string ReadSql = Sql.Load(typeof(StoredLeaf), nameof(ReadAsync));
    private static readonly string MissingSql = Sql.Load(typeof(StoredLeaf), nameof(MissingAsync));

    /// <summary>The leaf's entry.</summary>
    /// <exception cref="LogException">This event cannot be a leaf.</exception>
    public byte[] Entry() => Entry(Stream, Version, Type, At, Data);

    internal static byte[] Entry(string stream, long version, string type, DateTimeOffset at, ReadOnlySpan<byte> data)
    {
        try
        {
            return LeafEntry.Encode(stream, version, type, at, data);
        }
        catch (FormatException e)
        {
            throw new LogException(
                $"version {version} of stream {stream} cannot be a leaf of the log: {e.Message}. It was not appended by this service, "
                + "and nothing is logged after it: see docs/adr/0011",
                e);
        }
    }

    /// <summary>The name of a stream in a leaf: for a job its job id, for another stream its own id.</summary>
    public static string StreamName(Guid stream, string? type) =>
        type == StreamIds.JobType ? new Contracts.Jobs.JobId(stream).ToString() : stream.ToString("D");

    /// <summary>The leaves <c>[from, to)</c> in order.</summary>
    /// <exception cref="LogException">A leaf is missing. The message names it.</exception>
    public static async IAsyncEnumerable<StoredLeaf> ReadAsync(
        NpgsqlConnection connection, long from, long to, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var next = from;
        await using (var command = new NpgsqlCommand(ReadSql, connection) { Parameters = { new() { Value = from }, new() { Value = to } } })
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel) && !await reader.IsDBNullAsync(0, cancel) && reader.GetInt64(0) == next)
            {
                next++;
                var stream = StreamName(reader.GetGuid(1), await reader.IsDBNullAsync(2, cancel) ? null : reader.GetString(2));
                yield return new StoredLeaf(
                    next - 1, stream, reader.GetInt64(3), reader.GetString(4), reader.GetFieldValue<DateTimeOffset>(5),
                    reader.GetFieldValue<byte[]>(6));
            }
        }
        if (next != to)
            throw await MissingAsync(connection, next, cancel);
    }

    private static async Task<LogException> MissingAsync(NpgsqlConnection connection, long index, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(MissingSql, connection) { Parameters = { new() { Value = index } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var which = await reader.ReadAsync(cancel)
            ? $"version {reader.GetInt64(2)} of stream "
                + $"{StreamName(reader.GetGuid(0), await reader.IsDBNullAsync(1, cancel) ? null : reader.GetString(1))}"
            : "of which nothing is known";
        return new LogException(
            $"the event of leaf {index}, {which}, is missing: it was removed from the database. Restore it from a backup");
    }
}
