using System.Data;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Machine;
using Ledger.Projections;
using Marten;
using Npgsql;

namespace Ledger.Audit.Rebuilding;

/// <summary>
/// Compares each stream's documents with the fold of its events. A chunk of streams is read in one snapshot, in which document and events
/// are of one instant: what is right there stays right, because every append folds on it. What is not right is folded on under the stream's
/// lock, and put right there.
/// </summary>
/// <remarks>A stream's events pass by one after the other. What is held is the documents of one chunk of streams.</remarks>
internal sealed class DocumentRebuild(
    NpgsqlConnection session, IDocumentStore store, TimeSpan lockTimeout, LeftAloneStreams leftAlone, RebuildTold told)
{
    private const int ChunkStreams = 200;

    private static readonly string StreamsSql = Sql.Load(typeof(DocumentRebuild), "Streams");
    private static readonly string EventsSql = Sql.Load(typeof(DocumentRebuild), "Events");
    private static readonly string LaterEventsSql = Sql.Load(typeof(DocumentRebuild), "LaterEvents");
    private static readonly string HolderSql = Sql.Load(typeof(DocumentRebuild), nameof(HolderAsync));

    /// <summary>Streams that no document follows from.</summary>
    private static readonly Guid[] Unprojected = [StreamIds.Log, StreamIds.Ledger];

    private readonly Dictionary<InlineProjection, WrongRows> _wrong =
        InlineProjection.All.ToDictionary(projection => projection, projection => new WrongRows(projection.Table));

    /// <summary>As the events have them.</summary>
    public long Documents { get; private set; }

    public IEnumerable<RebuiltProjection> Rebuilt() => InlineProjection.All.Select(projection => _wrong[projection].Rebuilt());

    public async Task RunAsync(CancellationToken cancel)
    {
        for (var after = Guid.Empty; ;)
        {
            var (chunk, suspects) = await CompareAsync(after, cancel);
            if (chunk.Count == 0)
                break;
            foreach (var stream in suspects)
                await PutRightAsync(stream, cancel);
            told.AddStreams(chunk.Count);
            after = chunk[^1].Id;
        }
        foreach (var projection in InlineProjection.All)
            await RemoveOrphansAsync(projection, cancel);
    }

    /// <summary>The next streams, and those of which a document differs.</summary>
    private async Task<(List<StreamFold> Chunk, IReadOnlyList<StreamFold> Suspects)> CompareAsync(Guid after, CancellationToken cancel)
    {
        await using var snapshot = await session.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        var (chunk, versions) = await StreamsAsync(after, cancel);
        if (chunk.Count == 0)
            return (chunk, []);
        await ReadAsync(chunk, EventsSql, cancel, new() { Value = after }, new() { Value = chunk[^1].Id });
        var suspects = new HashSet<Guid>();
        var whole = chunk.Where(stream => stream.IsWhole(versions[stream.Id])).ToList();
        foreach (var projection in InlineProjection.All)
        {
            var folds = whole
                .Where(stream => stream.Type == projection.StreamType)
                .Select(stream => (stream.Projected, stream.Version))
                .ToList();
            Documents += folds.Count;
            await foreach (var difference in StoredDocuments.DifferencesAsync(session, projection, folds, cancel))
                suspects.Add(difference.Stream);
        }
        await snapshot.CommitAsync(cancel);
        foreach (var stream in chunk.Except(whole))
            leftAlone.Add(stream.Id);
        return (chunk, whole.FindAll(stream => suspects.Contains(stream.Id)));
    }

    /// <summary>Under the lock that every writer of the stream takes first.</summary>
    private async Task PutRightAsync(StreamFold stream, CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);
        if (await LockAsync(stream.Id, cancel) is not { } version)
        {
            await transaction.RollbackAsync(cancel);
            throw new RebuildException(
                $"the stream {stream.Id} is held by a transaction that goes on and on{await HolderAsync(stream.Id, cancel)}: "
                + "end it or wait for its end, and run this again. What was put right until now stays");
        }
        await ReadAsync([stream], LaterEventsSql, cancel, new() { Value = stream.Id }, new() { Value = stream.Version });
        if (!stream.IsWhole(version))
        {
            leftAlone.Add(stream.Id);
            return;
        }
        await using var marten = store.LightweightSession(Marten.Services.SessionOptions.ForTransaction(transaction));
        var wrong = new List<(InlineProjection Projection, bool IsMissing)>();
        foreach (var projection in InlineProjection.Of(stream.Type))
        {
            await foreach (var difference in StoredDocuments.DifferencesAsync(session, projection, [(stream.Projected, version)], cancel))
                wrong.Add((projection, difference.Found is null));
        }
        foreach (var (projection, _) in wrong)
            projection.Replace(marten, stream.Id, version, stream.Projected.Row(projection)!);
        await marten.SaveChangesAsync(cancel);
        told.Enter(RebuildPhase.Committing);
        cancel.ThrowIfCancellationRequested();
        FaultPoint.At("rebuild.before-commit");
        await transaction.CommitAsync(CancellationToken.None);
        told.Enter(RebuildPhase.Documents);
        foreach (var (projection, isMissing) in wrong)
        {
            if (isMissing)
                _wrong[projection].Missing(stream.Id);
            else
                _wrong[projection].Different(stream.Id);
        }
    }

    /// <summary>Documents that no stream accounts for, or one of another kind whose events are whole.</summary>
    private async Task RemoveOrphansAsync(InlineProjection projection, CancellationToken cancel)
    {
        foreach (var orphan in await OrphansAsync(projection, among: null, cancel))
        {
            if (!leftAlone.Contains(orphan) && await RemoveOrphanAsync(projection, orphan, cancel))
                _wrong[projection].Surplus(orphan);
        }
    }

    /// <returns>False: it is none any more.</returns>
    private async Task<bool> RemoveOrphanAsync(InlineProjection projection, Guid orphan, CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        if ((await OrphansAsync(projection, orphan, cancel)).Count == 0)
            return false;
        await using var marten = store.LightweightSession(Marten.Services.SessionOptions.ForTransaction(transaction));
        projection.Delete(marten, orphan);
        try
        {
            await marten.SaveChangesAsync(cancel);
        }
        catch (Exception e) when (AppendFailure.Of(e) is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure })
        {
            // Its stream began after the snapshot, and wrote it.
            return false;
        }
        await transaction.CommitAsync(CancellationToken.None);
        return true;
    }

    private async Task<List<Guid>> OrphansAsync(InlineProjection projection, Guid? among, CancellationToken cancel)
    {
        // A stream's row that is gone while its events are there is damage, and no reason to remove more.
        var sql = $"""
            select d.id from {projection.Table} d
            left join ledger.mt_streams s on s.id = d.id
            where ($2 is null or d.id = $2)
                and case when s.id is null then not exists (select from ledger.mt_events e where e.stream_id = d.id)
                    else s.type <> $1 and s.type = any ($3) end
            """;
        await using var command = new NpgsqlCommand(sql, session)
        {
            CommandTimeout = 0,
            Parameters =
            {
                new() { Value = projection.StreamType }, new NpgsqlParameter<Guid?> { TypedValue = among },
                new() { Value = InlineProjection.All.Select(one => one.StreamType).Distinct().ToArray() },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var orphans = new List<Guid>();
        while (await reader.ReadAsync(cancel))
            orphans.Add(reader.GetGuid(0));
        return orphans;
    }

    /// <returns>The stream's version; null: another transaction kept it for too long.</returns>
    private async Task<long?> LockAsync(Guid stream, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(session)
        {
            BatchCommands =
            {
                new($"set local lock_timeout = {(int)lockTimeout.TotalMilliseconds}"),
                new("select version from ledger.mt_streams where id = $1 for update") { Parameters = { new() { Value = stream } } },
            },
        };
        try
        {
            return (long?)await batch.ExecuteScalarAsync(cancel) ?? 0;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return null;
        }
    }

    /// <summary>The transaction that holds the stream, named by the process id that <c>pg_terminate_backend</c> takes.</summary>
    private async Task<string> HolderAsync(Guid stream, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(HolderSql, session) { Parameters = { new() { Value = stream } } };
        return await command.ExecuteScalarAsync(cancel) is string holder ? $" (PostgreSQL process {holder})" : "";
    }

    private async Task<(List<StreamFold>, Dictionary<Guid, long> Versions)> StreamsAsync(Guid after, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(StreamsSql, session)
        {
            CommandTimeout = 0,
            Parameters = { new() { Value = after }, new() { Value = (long)ChunkStreams }, new() { Value = Unprojected } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var (streams, versions) = (new List<StreamFold>(), new Dictionary<Guid, long>());
        while (await reader.ReadAsync(cancel))
        {
            streams.Add(new StreamFold(reader.GetGuid(0), await reader.IsDBNullAsync(1, cancel) ? null : reader.GetString(1)));
            versions[reader.GetGuid(0)] = reader.GetInt64(2);
        }
        return (streams, versions);
    }

    /// <summary>Applies events in the order of streams and versions.</summary>
    private async Task ReadAsync(
        IReadOnlyList<StreamFold> streams, string sql, CancellationToken cancel, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, session) { CommandTimeout = 0 };
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var at = 0;
        while (await reader.ReadAsync(cancel))
        {
            var id = reader.GetGuid(0);
            // .NET orders UUIDs as PostgreSQL does. Between the streams of a chunk there may be events of others without documents.
            while (at < streams.Count && streams[at].Id.CompareTo(id) < 0)
                at++;
            if (at == streams.Count || streams[at].Id != id)
                continue;
            streams[at].Apply(reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4));
            told.AddEvent();
        }
    }
}
