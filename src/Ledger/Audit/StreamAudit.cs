using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Audit;

/// <summary>
/// Replays the events stream by stream: versions without a gap, each event in the log once or queued for it, the rules of jobs, and every document as the fold of its
/// events. It holds one stream's fold, and as many finished ones as are compared in one round trip.
/// </summary>
internal sealed class StreamAudit(AuditSnapshot snapshot, Findings findings, AuditCounts counts)
{
    private const int StreamsPerComparison = 200;

    private static readonly string ReadSql = Sql.Load(typeof(StreamAudit), nameof(RunAsync));

    private readonly List<FoldedStream> _folded = [];

    /// <param name="since">Only streams with a leaf from this size on, or with queued events; null: all.</param>
    public async Task RunAsync(long? since, CancellationToken cancel)
    {
        var places = new LogPlaces(findings);
        var comparison = new DocumentComparison(await snapshot.ConnectAsync(cancel), findings);
        await using var command = AuditSnapshot.Command(await snapshot.ConnectAsync(cancel), ReadSql, Since(since));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await places.BeginAsync(await snapshot.ConnectAsync(cancel), since, cancel);
        FoldedStream? stream = null;
        while (await reader.ReadAsync(cancel))
        {
            var id = reader.GetGuid(0);
            if (stream?.Id != id)
            {
                await CloseAsync(stream, comparison, places, cancel);
                stream = new FoldedStream(id, reader.IsDBNull(1) ? null : reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetInt64(2), findings);
                await places.EnterAsync(id, stream.Name, cancel);
            }
            var version = reader.GetInt64(3);
            places.Check(version);
            stream.Apply(version, reader.GetString(4), reader.GetString(5), reader.GetFieldValue<DateTimeOffset>(6));
            counts.AddEvent();
        }
        await CloseAsync(stream, comparison, places, cancel);
        await CompareAsync(comparison, cancel);
        await places.FinishAsync(cancel);
        if (since is null)
            await comparison.FindOrphansAsync(cancel);
    }

    public static NpgsqlParameter Since(long? since) => new() { Value = (object?)since ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    private async Task CloseAsync(FoldedStream? stream, DocumentComparison comparison, LogPlaces places, CancellationToken cancel)
    {
        if (stream is null)
            return;
        stream.Close();
        places.Leave(stream.Version);
        Interlocked.Increment(ref counts.Streams);
        _folded.Add(stream);
        if (_folded.Count == StreamsPerComparison)
            await CompareAsync(comparison, cancel);
    }

    private async Task CompareAsync(DocumentComparison comparison, CancellationToken cancel)
    {
        Interlocked.Add(ref counts.Documents, await comparison.CompareAsync(_folded, cancel));
        _folded.Clear();
    }
}
