using Ledger.Database;
using Ledger.EventStore;
using Npgsql;

namespace Ledger.Rebuilding;

/// <summary>
/// The shadow of the change log (docs/adr/0018), whose entries the database makes of events that are in the log. An entry is complete when it is there, so what is
/// stored of a stream stays, and only what follows is added.
/// </summary>
internal sealed class ChangeLogShadow(NpgsqlConnection session) : ShadowTable(session, ChangeLogTable)
{
    private static readonly ProjectionTable ChangeLogTable = new(
        "ledger.change_log", ["stream_id", "first_version"], ["bot_id", "position", "id", "last_version", "first_leaf", "created_at", "outcomes"], HasOtherKeys: true);

    private static readonly string StoreSql = Sql.Load(typeof(ChangeLogShadow), nameof(StoreAsync));

    public override Task RestoreAsync(IReadOnlyDictionary<Guid, StreamFold> streams, CancellationToken cancel) => Task.CompletedTask;

    public override Task StoreAsync(IReadOnlyList<StreamFold> streams, bool isSuspect, CancellationToken cancel) =>
        ExecuteAsync(StoreSql, cancel, new() { Value = streams.Select(stream => stream.Id).ToArray() }, new() { Value = isSuspect });
}
