using Npgsql;

namespace Ledger.Database;

/// <summary>
/// The lanes' own connections. Their sessions end by themselves when a node freezes in the middle of a batch, so that it cannot hold a job.
/// </summary>
public sealed class LaneDatabase(string connectionString) : IAsyncDisposable
{
    private const string SessionOptions = "-c idle_in_transaction_session_timeout=5s -c lock_timeout=5s -c statement_timeout=5min";

    public NpgsqlDataSource Source { get; } = Guarded(connectionString, "ledger lanes", poolSize: 32);

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    /// <summary>Connections that cannot hold a lock for long without working: the server ends a session that is idle in a transaction, or whose client is gone.</summary>
    internal static NpgsqlDataSource Guarded(string connectionString, string name, int poolSize) => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
    {
        ApplicationName = name,
        MaxAutoPrepare = 50,
        Options = $"{new NpgsqlConnectionStringBuilder(connectionString).Options} {SessionOptions}".Trim(),
        MaxPoolSize = poolSize,
        TcpKeepAlive = true,
        TcpKeepAliveTime = 5,
        TcpKeepAliveInterval = 2,
        CommandTimeout = 0, // the server's statement_timeout decides, so that a timeout is an answer and no lost connection
    }.ConnectionString);
}
