using Ledger.EventStore;
using Npgsql;

namespace Ledger.Rebuilding;

/// <summary>The shadow of an inline projection: one row a stream, as <see cref="ProjectedStream"/> folds it.</summary>
internal sealed class InlineShadow(NpgsqlConnection session, InlineProjection projection) : ShadowTable(session, projection.Table)
{
    public override async Task RestoreAsync(IReadOnlyDictionary<Guid, StreamFold> streams, CancellationToken cancel)
    {
        foreach (var (id, columns) in await ReadAsync([.. streams.Keys], cancel))
            streams[id].Projected.Restore(projection, columns);
    }

    public override Task StoreAsync(IReadOnlyList<StreamFold> streams, bool isSuspect, CancellationToken cancel) =>
        streams.Any(stream => stream.Projected.Row(projection) is not null)
            ? UpsertAsync(ProjectedRows.Json(projection, streams.Select(stream => (stream.Projected, stream.Version))), isSuspect, cancel)
            : Task.CompletedTask;
}
