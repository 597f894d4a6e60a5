namespace Ledger.Database;

/// <summary>The settings of the sessions of one kind of work, beside those of every session (<see cref="LedgerSession"/>).</summary>
/// <param name="Name">The application name, unless the connection string gives one.</param>
internal sealed record SessionKind(string Name)
{
    /// <summary>The most connections of its pool. What the connection string asks for is kept.</summary>
    public int PoolSize { get; init; } = 10;

    /// <summary>More connections than this are of no use: what was asked for only lowers it.</summary>
    public bool IsPoolBounded { get; init; } = true;

    /// <summary>True if a session that is given back is kept for others. If not, the things that it holds end with it.</summary>
    public bool IsPooled { get; init; } = true;

    public int ConnectSeconds { get; init; } = 15;

    /// <summary>The time in seconds for which a client waits for an answer.</summary>
    public int CommandSeconds { get; init; }

    /// <summary>
    /// True if the connection string's <c>Command Timeout</c> is for this work. Other work has limits of the server's, or none.
    /// </summary>
    public bool TakesCommandTimeout { get; init; }

    /// <summary>True if a peer that is gone is noticed within seconds.</summary>
    public bool WatchesPeer { get; init; }

    public int KeepAliveSeconds { get; init; }
    public int MaxAutoPrepare { get; init; }
    public int AutoPrepareMinUsages { get; init; } = 5;

    /// <summary>True if the server's types are read first. That takes longer than a short command itself.</summary>
    public bool ReadsTypes { get; init; }

    /// <summary>The role that they become, once they are logged in; null: they stay what they are.</summary>
    public string? Role { get; init; }

    /// <summary>Settings of its sessions, which go before those that every session has.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Requests and verbs. Their statements are prepared once they recur, which is what makes one round trip cheap.</summary>
    public static SessionKind Requests { get; } = new("ledger")
    {
        PoolSize = 50, // lanes, log and engine have theirs: together they stay below a server's usual 100
        IsPoolBounded = false,
        CommandSeconds = 15,
        TakesCommandTimeout = true,
        MaxAutoPrepare = 100,
        AutoPrepareMinUsages = 2,
    };

    /// <summary>A lane belongs to its session (<see cref="LaneDatabase"/>). One that does nothing, the server ends.</summary>
    public static SessionKind Lanes { get; } = Guarded("ledger lanes", poolSize: 32, ("idle_session_timeout", "5s")) with
    {
        IsPooled = false,
    };

    public static SessionKind Log { get; } = Guarded("ledger log", poolSize: 4);

    /// <summary>
    /// A rebuild that stops to work while it holds a stream loses it. Rows are read in the order of an index, and never sorted.
    /// </summary>
    public static SessionKind Rebuild { get; } = new("ledger rebuild")
    {
        Settings = new Dictionary<string, string>
        {
            ["idle_in_transaction_session_timeout"] = "10s",
            ["enable_sort"] = "off",
            ["jit"] = "off",
        },
    };

    /// <summary>Looks at what the tables are made of, and so at types of the server's own.</summary>
    public static SessionKind Schema { get; } = new("ledger schema") { PoolSize = 2, CommandSeconds = 60, ReadsTypes = true };

    /// <summary>Migrations, and other work of the tables' owner, as a role that may become it.</summary>
    public static SessionKind Owner { get; } = new("ledger owner") { Role = Roles.Owner };

    /// <summary>The work before a session can become the owner: it makes roles and databases.</summary>
    public static SessionKind Administration { get; } = new("ledger administration");

    /// <summary>
    /// The engine's own. The leader holds its place by a lock of its session. A node that is alive says so every 2 s, and of one that is
    /// frozen the server ends the sessions.
    /// </summary>
    public static SessionKind Engine { get; } = new("ledger engine")
    {
        PoolSize = 10,
        ConnectSeconds = 5,
        CommandSeconds = 30,
        KeepAliveSeconds = 2,
        ReadsTypes = true,
        Settings = new Dictionary<string, string> { ["idle_in_transaction_session_timeout"] = "5s", ["idle_session_timeout"] = "6s" },
    };

    /// <summary>
    /// Sessions that cannot hold a lock for long without working: the server ends one that is idle in a transaction, or whose client is
    /// gone. Its statement_timeout decides, and not the client's, so that a timeout is an answer and no lost connection.
    /// </summary>
    private static SessionKind Guarded(string name, int poolSize, params IEnumerable<(string Name, string Value)> more) => new(name)
    {
        PoolSize = poolSize,
        MaxAutoPrepare = 50,
        WatchesPeer = true,
        // Statements here are many and short: compiling a plan would take longer than running it.
        Settings = new Dictionary<string, string>(more.Select(one => KeyValuePair.Create(one.Name, one.Value)))
        {
            ["idle_in_transaction_session_timeout"] = "5s",
            ["lock_timeout"] = "5s",
            ["statement_timeout"] = "5min",
            ["jit"] = "off",
            // Each is found by an index. A plan that was made while a table was small would read all of it for as long as it is kept.
            ["enable_seqscan"] = "off",
        },
    };
}
