using Npgsql;

namespace Ledger.Database;

/// <summary>
/// The lanes' own connections. Their sessions end by themselves when a node freezes in the middle of a batch, so that it cannot hold a job.
/// </summary>
public sealed class LaneDatabase(string connectionString) : IAsyncDisposable
{
    public NpgsqlDataSource Source { get; } = LedgerSession.Source(connectionString, SessionKind.Lanes);

    /// <summary>How many slices find a connection at once: each has one.</summary>
    public static int SlicesAtOnce(string connectionString) => ConnectionString.PoolSize(connectionString, SessionKind.Lanes);

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
