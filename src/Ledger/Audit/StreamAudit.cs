using Ledger.Audit.Tree;
using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Audit;

/// <summary>
/// Replays the events stream by stream: versions without a gap, each event in the log once or queued for it, the rules of jobs, and every
/// document as the fold of its events. It holds one stream's fold, and as many finished ones as are compared in one round trip.
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
        await using var entries = new ChangeLogComparison(findings);
        await entries.BeginAsync(await snapshot.ConnectAsync(cancel), since, cancel);
        await using var command = AuditSnapshot.Command(await snapshot.ConnectAsync(cancel), ReadSql, Since(since));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await places.BeginAsync(await snapshot.ConnectAsync(cancel), since, cancel);
        FoldedStream? stream = null;
        while (await reader.ReadAsync(cancel))
        {
            var id = reader.GetGuid(0);
            if (stream?.Id != id)
            {
                await CloseAsync(stream, comparison, entries, places, cancel);
                var type = await reader.IsDBNullAsync(1, cancel) ? null : reader.GetString(1);
                stream = new FoldedStream(id, type, await reader.IsDBNullAsync(2, cancel) ? null : reader.GetInt64(2), findings);
                await places.EnterAsync(id, stream.Name, cancel);
                await entries.EnterAsync(id, type, stream.Name);
            }
            var (version, eventType, data) = (reader.GetInt64(3), reader.GetString(4), reader.GetString(5));
            var at = reader.GetFieldValue<DateTimeOffset>(6);
            if (places.LeafOf(version) is { } leaf)
                await entries.AddAsync(leaf, version, eventType, at, data);
            stream.Apply(version, eventType, data, at);
            counts.AddEvent();
        }
        await CloseAsync(stream, comparison, entries, places, cancel);
        await CompareAsync(comparison, cancel);
        await places.FinishAsync(cancel);
        await entries.FinishAsync();
        Interlocked.Add(ref counts.Documents, entries.Compared);
        if (since is null)
            await comparison.FindOrphansAsync(cancel);
    }

    public static NpgsqlParameter Since(long? since) =>
        new() { Value = (object?)since ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    private async Task CloseAsync(
        FoldedStream? stream, DocumentComparison comparison, ChangeLogComparison entries, LogPlaces places, CancellationToken cancel)
    {
        if (stream is null)
            return;
        stream.Close();
        await entries.LeaveAsync();
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
