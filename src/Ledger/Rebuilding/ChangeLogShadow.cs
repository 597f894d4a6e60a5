using Ledger.Database;
using Ledger.EventStore;
using Npgsql;

namespace Ledger.Rebuilding;

/// <summary>
/// The shadow of the change log (docs/adr/0018): several rows a stream, made by the database from events and leaves. It grows when the log does, and not when events are appended: behind the lock
/// every stream of a suspect is therefore made once more.
/// </summary>
internal sealed class ChangeLogShadow(NpgsqlConnection session) : ShadowTable(session, ChangeLog)
{
    private static readonly ProjectionTable ChangeLog = new(
        "ledger.change_log", ["stream_id", "first_version"], ["bot_id", "position", "id", "last_version", "first_leaf", "created_at", "outcomes"]);

    private static readonly string StoreSql = Sql.Load(typeof(ChangeLogShadow), nameof(StoreAsync));
    private static readonly string RefreshSql = Sql.Load(typeof(ChangeLogShadow), nameof(RefreshAsync));

    /// <summary>Nothing is held of a stream: its rows are made from its events.</summary>
    public override Task RestoreAsync(IReadOnlyDictionary<Guid, StreamFold> streams, CancellationToken cancel) => Task.CompletedTask;

    public override Task StoreAsync(IReadOnlyList<StreamFold> streams, bool isSuspect, CancellationToken cancel) =>
        ExecuteAsync(StoreSql, cancel, new() { Value = streams.Select(stream => stream.Id).ToArray() }, new() { Value = isSuspect });

    protected override Task RefreshAsync(CancellationToken cancel) => ExecuteAsync(RefreshSql, cancel);
}
