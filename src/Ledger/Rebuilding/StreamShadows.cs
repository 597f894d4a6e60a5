using System.Data;
using Ledger.Database;
using Ledger.Projections;
using Npgsql;

namespace Ledger.Rebuilding;

/// <summary>
/// Folds streams into the shadows of their projections. A stream's events pass by one after the other, however many there are; what is held is the rows of one chunk of streams.
/// </summary>
internal sealed class StreamShadows(NpgsqlConnection session, ShadowTable[] shadows, RebuildTold told)
{
    /// <summary>Streams whose events are not whole: folded, they would give documents that are wrong too.</summary>
    public const string LeftAloneTable = "pg_temp.left_alone";

    private const int ChunkStreams = 500;
    private const int LeftAloneNamed = 5;

    private static readonly string CreateSql = Sql.Load(typeof(StreamShadows), nameof(CreateAsync));
    private static readonly string ChunkSql = Sql.Load(typeof(StreamShadows), "Chunk");
    private static readonly string MovedSql = Sql.Load(typeof(StreamShadows), "Moved");
    private static readonly string SizeSql = Sql.Load(typeof(StreamShadows), nameof(SizeAsync));
    private static readonly string EventsSql = Sql.Load(typeof(StreamShadows), "Events");
    private static readonly string LaterEventsSql = Sql.Load(typeof(StreamShadows), "LaterEvents");
    private static readonly string RecordSql = Sql.Load(typeof(StreamShadows), nameof(RecordAsync));

    /// <summary>Streams that no projection follows: they may move on behind the lock too.</summary>
    private static readonly string[] Unprojected = [StreamIds.LogType, StreamIds.LedgerType];

    private readonly List<Guid> _leftAlone = [];

    private long _leftAloneCount;

    /// <summary>Leaves of the log when it was last looked which streams have moved on: what was appended since is queued for it, or behind these.</summary>
    private long _size;

    /// <summary>Whether what is folded from now on is to be compared once the live tables are locked.</summary>
    public bool IsSuspect { get; set; }

    public LeftAlone LeftAlone => new(_leftAloneCount, _leftAlone);

    public static async Task CreateAsync(NpgsqlConnection session, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CreateSql, session);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Every stream, chunk by chunk, each as it is at one instant.</summary>
    public async Task FoldAllAsync(CancellationToken cancel)
    {
        _size = await SizeAsync(cancel);
        for (var after = Guid.Empty; ;)
        {
            await using var transaction = await session.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
            var chunk = await ListAsync(ChunkSql, cancel, new() { Value = after }, new() { Value = ChunkStreams }, new() { Value = Unprojected });
            if (chunk.Count == 0)
                return;
            await ReadAsync(chunk, EventsSql, cancel, new() { Value = after }, new() { Value = chunk[^1].Id });
            await WriteAsync(chunk, cancel);
            await transaction.CommitAsync(cancel);
            told.AddStreams(chunk.Count);
            after = chunk[^1].Id;
        }
    }

    /// <summary>The streams that moved on since the last time, each from where it was. In a transaction in which they do not move.</summary>
    /// <returns>How many streams there were.</returns>
    public async Task<int> CatchUpAsync(CancellationToken cancel)
    {
        var since = _size;
        _size = await SizeAsync(cancel);
        var moved = await ListAsync(MovedSql, cancel, new() { Value = since }, new() { Value = Unprojected });
        foreach (var chunk in moved.Chunk(ChunkStreams))
        {
            var known = chunk.Where(stream => stream.Version > 0).ToDictionary(stream => stream.Id);
            foreach (var shadow in shadows)
                await shadow.RestoreAsync(known, cancel);
            foreach (var stream in chunk)
                await ReadAsync([stream], LaterEventsSql, cancel, new() { Value = stream.Id }, new() { Value = stream.Version });
            await WriteAsync(chunk, cancel);
        }
        return moved.Count;
    }

    private async Task<long> SizeAsync(CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(SizeSql, session);
        return (long)(await command.ExecuteScalarAsync(cancel) ?? throw new RebuildException("the database has lost the state of its log (ledger.log_state has no row): restore it from a backup"));
    }

    private async Task<List<StreamFold>> ListAsync(string sql, CancellationToken cancel, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, session);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var streams = new List<StreamFold>();
        while (await reader.ReadAsync(cancel))
            streams.Add(new StreamFold(reader.GetGuid(0), await reader.IsDBNullAsync(1, cancel) ? null : reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3)));
        return streams;
    }

    /// <summary>Applies events in the order of streams and versions.</summary>
    private async Task ReadAsync(IReadOnlyList<StreamFold> streams, string sql, CancellationToken cancel, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, session);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var at = 0;
        while (await reader.ReadAsync(cancel))
        {
            var id = reader.GetGuid(0);
            // .NET orders UUIDs as PostgreSQL does. Between the streams of a chunk there may be events of others, which no projection follows.
            while (at < streams.Count && streams[at].Id.CompareTo(id) < 0)
                at++;
            if (at == streams.Count || streams[at].Id != id)
                continue;
            streams[at].Apply(reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4));
            told.AddEvent();
        }
    }

    private async Task WriteAsync(IReadOnlyList<StreamFold> streams, CancellationToken cancel)
    {
        StreamFold[] whole = [.. streams.Where(stream => stream.IsWhole)];
        foreach (var shadow in shadows)
            await shadow.StoreAsync(whole, IsSuspect, cancel);
        await RecordAsync(streams, cancel);
        _leftAloneCount += streams.Count - whole.Length;
        _leftAlone.AddRange(streams.Where(stream => !stream.IsWhole).Select(stream => stream.Id).Take(LeftAloneNamed - _leftAlone.Count));
    }

    private async Task RecordAsync(IReadOnlyList<StreamFold> streams, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(RecordSql, session)
        {
            Parameters =
            {
                new() { Value = streams.Select(stream => stream.Id).ToArray() },
                new() { Value = streams.Select(stream => stream.Version).ToArray() },
                new() { Value = streams.Select(stream => stream.IsWhole).ToArray() },
            },
        };
        await command.ExecuteNonQueryAsync(cancel);
    }
}
