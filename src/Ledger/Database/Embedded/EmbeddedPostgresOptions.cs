namespace Ledger.Database.Embedded;

/// <summary>The options of a private PostgreSQL.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>
    /// The data folder; made when absent. It holds <c>cluster/</c> (PGDATA, the server's log in it), <c>cluster.json</c> (port and
    /// password, mode 0600) and two lock files. Other state of a node, its keys say, may lie beside them.
    /// </summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// True if a commit survives a power cut. False is faster, and for tests. A commit then still survives kill -9 of every process.
    /// </summary>
    public bool Fsync { get; init; } = true;

    /// <summary>
    /// The folder of initdb, pg_ctl and postgres; null: <c>LEDGER_PG_BIN</c>, then whatever <see cref="PostgresBinaries"/> finds.
    /// </summary>
    public string? BinDirectory { get; init; }
}
