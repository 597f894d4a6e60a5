using Ledger.Database;
using Npgsql;

namespace Ledger.Log;

/// <summary>
/// The log writer's own connections. Their sessions end by themselves if a node freezes in the middle of a pass, so that it cannot hold the
/// fence.
/// </summary>
public sealed class LogDatabase(string connectionString) : IAsyncDisposable
{
    public NpgsqlDataSource Source { get; } = LedgerSession.Source(connectionString, SessionKind.Log);

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
