namespace Ledger.Database.Embedded;

/// <summary>
/// A private PostgreSQL in a data folder, for a machine on which nobody prepared one. Several processes may use one data folder at once:
/// the first starts the server, the last stops it, and a server that outlived its users (they were killed) is joined again.
/// </summary>
/// <remarks>
/// Two locks, held by the kernel. start.lock: exclusive, short, around starting and stopping. users.lock: shared, by every user as long as
/// it uses the server; who gets it exclusively (tried under start.lock only) knows that nobody is left.
/// </remarks>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    // A start may have to fetch PostgreSQL first, and a recovery may be under way.
    private static readonly TimeSpan LockPatience = TimeSpan.FromMinutes(12);

    private readonly ClusterFolder _folder;
    private readonly Postmaster _postmaster;
    private readonly ClusterState _state;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private FileLock? _use;

    private EmbeddedPostgres(
        ClusterFolder folder, Postmaster postmaster, ClusterState state, FileLock use, bool reused, TimeProvider time, ILogger log)
    {
        (_folder, _postmaster, _state, _use, _time, _log) = (folder, postmaster, state, use, time, log);
        Reused = reused;
    }

    /// <summary>The TCP port on 127.0.0.1; the same as long as somebody uses the server.</summary>
    public int Port => _state.Port;

    /// <summary>The full path of the data folder.</summary>
    public string DataDirectory => _folder.DataDirectory;

    /// <summary>True if it joined a server that was already running.</summary>
    public bool Reused { get; }

    /// <summary>Joins the server of the data folder, or starts it; makes the cluster first when there is none.</summary>
    /// <exception cref="PostgresNotFoundException">This machine has no PostgreSQL that would do.</exception>
    /// <exception cref="EmbeddedPostgresException">
    /// Anything else that a person can mend; the message ends in the server's log where that helps.
    /// </exception>
    public static async Task<EmbeddedPostgres> StartAsync(
        EmbeddedPostgresOptions options, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        try
        {
            if (options.DataDirectory.Contains('\n'))
            {
                throw new EmbeddedPostgresException(
                    "The data folder has a line break in its name, which PostgreSQL's own files cannot hold: choose another (--data DIR).");
            }
            var folder = ClusterFolder.Open(options.DataDirectory);
            using var starting = await FileLock.ExclusiveAsync(folder.StartLock, LockPatience, time, cancel);
            return await StartLockedAsync(folder, options, time, log, cancel);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EmbeddedPostgresException(
                $"The data folder {options.DataDirectory} is not ours to use: {e.Message} Run as its owner, or choose another (--data "
                + "DIR).",
                e);
        }
    }

    /// <summary>A connection string to a database of the server, which need not exist yet.</summary>
    /// <param name="database">Its name.</param>
    /// <param name="user">The superuser <c>postgres</c>, or a role that was created with <see cref="Password"/>.</param>
    public string ConnectionString(string database, string user) => Postmaster.ConnectionString(_state, database, user);

    /// <summary>
    /// The password of a role: 64 hex digits (48 for <c>postgres</c>), the same in every process and for ever. Whoever creates the role
    /// sets it.
    /// </summary>
    public string Password(string role) => _state.PasswordOf(role);

    /// <summary>Starts the server again, on the same port, if it died; costs one login when it did not.</summary>
    /// <exception cref="EmbeddedPostgresException">It does not come up again.</exception>
    public async Task EnsureRunningAsync(CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_use is null, this);
        if (await Postmaster.IsUpAsync(_state, cancel)) return;
        using var starting = await FileLock.ExclusiveAsync(_folder.StartLock, LockPatience, _time, cancel);
        ObjectDisposedException.ThrowIf(_use is null, this);
        var (_, joined) = await _postmaster.JoinOrStartAsync(_state, mayMove: false, cancel);
        if (!joined) _log.LogWarning("PostgreSQL in {Folder} had died and was started again", _folder.Cluster);
    }

    /// <summary>Stops the server if this was its last user.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_use is null) return;
        using var stopping = await FileLock.ExclusiveAsync(_folder.StartLock, LockPatience, _time, CancellationToken.None);
        Interlocked.Exchange(ref _use, null)?.Dispose();
        await StopIfUnusedAsync(_folder, _postmaster, CancellationToken.None);
    }

    /// <summary>
    /// Stops a server that outlived its users and deletes the whole data folder. For tests' leftovers.
    /// </summary>
    /// <returns>False, and nothing is touched: somebody is using or starting it, or it is no data folder.</returns>
    internal static async Task<bool> DeleteUnusedAsync(
        EmbeddedPostgresOptions options, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        if (!File.Exists(Path.Combine(options.DataDirectory, "cluster.json"))) return false;
        var folder = ClusterFolder.Open(options.DataDirectory);
        using var stopping = FileLock.TryExclusive(folder.StartLock);
        if (stopping is null) return false;
        if (Directory.Exists(folder.Cluster))
        {
            var postmaster = await PostmasterOfAsync(folder, options, time, log, cancel);
            if (!await StopIfUnusedAsync(folder, postmaster, cancel)) return false;
        }
        Directory.Delete(folder.DataDirectory, recursive: true);
        return true;
    }

    private static async Task<EmbeddedPostgres> StartLockedAsync(
        ClusterFolder folder, EmbeddedPostgresOptions options, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        var alone = IsUnused(folder);
        var use = FileLock.TryShared(folder.UsersLock)
            ?? throw new EmbeddedPostgresException($"{folder.UsersLock} is locked by a program that is not the ledger.");
        try
        {
            var binaries = await PostgresBinaries.FindAsync(options.BinDirectory, folder.Major(), time, log, cancel);
            var account = await ServerAccount.ForAsync(folder, cancel);
            await account.RequireReachableAsync(binaries.Postgres, "Install PostgreSQL elsewhere", cancel);
            var stored = await PrivateCluster.EnsureAsync(folder, binaries, account, options.Fsync, cancel);
            var postmaster = new Postmaster(folder, binaries, account, options.Fsync, time, log);
            var (state, joined) = await postmaster.JoinOrStartAsync(stored, mayMove: alone, cancel);
            log.LogInformation(
                "PostgreSQL {Version} {How} in {Folder} on port {Port}", binaries.Major, joined ? "joined" : "started", folder.Cluster,
                state.Port);
            return new EmbeddedPostgres(folder, postmaster, state, use, joined, time, log);
        }
        catch
        {
            use.Dispose();
            throw;
        }
    }

    private static async Task<Postmaster> PostmasterOfAsync(
        ClusterFolder folder, EmbeddedPostgresOptions options, TimeProvider time, ILogger log, CancellationToken cancel) =>
        new(folder,
            await PostgresBinaries.FindAsync(options.BinDirectory, folder.Major(), time, log, cancel),
            await ServerAccount.ForAsync(folder, cancel), options.Fsync, time, log);

    private static bool IsUnused(ClusterFolder folder)
    {
        using var all = FileLock.TryExclusive(folder.UsersLock);
        return all is not null;
    }

    private static async Task<bool> StopIfUnusedAsync(ClusterFolder folder, Postmaster postmaster, CancellationToken cancel)
    {
        using var all = FileLock.TryExclusive(folder.UsersLock);
        if (all is null) return false;
        await postmaster.StopAsync(cancel);
        return true;
    }
}
