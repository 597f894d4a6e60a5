using Npgsql;

namespace Ledger.Database.Embedded;

/// <summary>
/// The server process of one cluster: joins it, starts it, stops it. The caller holds the start lock, except for <see cref="IsUpAsync"/>.
/// </summary>
internal sealed class Postmaster(
    ClusterFolder folder, PostgresBinaries binaries, ServerAccount account, bool fsync, TimeProvider time, ILogger log)
{
    /// <summary>
    /// The time during which a start is repeated. A killed server's last backends may hold its shared memory, or somebody its port.
    /// </summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The maximum time until a server lets us in. Crash recovery replays the WAL since the last checkpoint (five minutes of it).
    /// </summary>
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromMinutes(2);

    /// <summary>The maximum time for a server to write its checkpoint and end.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(1);

    /// <summary>The maximum time for a server to end that let nobody in. In a damaged folder it may never end by itself.</summary>
    private static readonly TimeSpan UnusedStopPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private const int LoginTimeoutSeconds = 5;

    // Messages of the server's (in English: the locale is C) about obstacles that pass. After kill -9 of the server its backends notice
    // within moments.
    private static readonly string[] Passing = ["pre-existing shared memory block", "lock file \"postmaster.pid\" already exists"];
    private const string PortTaken = "could not bind";

    /// <summary>Makes sure that the server runs and lets us in.</summary>
    /// <param name="state">Port and password as last stored.</param>
    /// <param name="mayMove">True if a taken port may be given up for another. Not while somebody holds connection strings with it.</param>
    /// <param name="cancel">Ends the wait, not the server.</param>
    /// <returns>The current port and password, and true if the server was running before.</returns>
    public async Task<(ClusterState State, bool Joined)> JoinOrStartAsync(ClusterState state, bool mayMove, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            if (Running() is { } running && await JoinAsync(running, state, cancel) is { } joined) return (joined, true);

            PostmasterFile.DeleteIfMisleading(folder.Cluster);
            if (mayMove && !LoopbackPort.IsFree(state.Port)) state = Moved(state);
            var (startedState, failure) = await StartAndJoinAsync(state, cancel);
            if (startedState is not null) return (startedState, false);

            var passes = Passing.Append(PortTaken).Any(failure.Contains);
            if (!passes || time.GetElapsedTime(started) > StartPatience)
            {
                throw new EmbeddedPostgresException($"PostgreSQL ({binaries.Postgres}) did not start in {folder.Cluster}. {failure}");
            }
            await Task.Delay(PollInterval, time, cancel);
        }
    }

    /// <summary>True if the server of this data folder answers a login now. Needs no lock.</summary>
    public static async Task<bool> IsUpAsync(ClusterState state, CancellationToken cancel)
    {
        try
        {
            await LogInAsync(state, cancel);
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
        {
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    /// <summary>Stops the server if it runs: sessions are ended, a checkpoint is written.</summary>
    public Task StopAsync(CancellationToken cancel) => StopAsync(StopPatience, cancel);

    private async Task StopAsync(TimeSpan patience, CancellationToken cancel)
    {
        if (Running() is null) return;
        var stopped = await account.RunAsync(
            [binaries.PgCtl, "stop", "-D", folder.Cluster, "-m", "fast", "-w", "-t", $"{(int)patience.TotalSeconds}"], cancel);
        // Between the look and the stop it may have gone by itself.
        if (stopped.ExitCode == 0 || Running() is null) return;
        log.LogWarning("PostgreSQL in {Folder} did not stop within {Seconds} s and is stopped at once; its next start recovers. {Output}",
            folder.Cluster, patience.TotalSeconds, stopped.Output);
        await account.RunAsync([binaries.PgCtl, "stop", "-D", folder.Cluster, "-m", "immediate", "-w"], cancel);
    }

    public static string ConnectionString(ClusterState state, string database, string role) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = state.Port,
        Database = database,
        Username = role,
        Password = state.PasswordOf(role),
        SslMode = SslMode.Disable, // loopback
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    private PostmasterFile? Running() => PostmasterFile.Read(folder.Cluster) is { } file && file.IsServerOf(folder.Cluster) ? file : null;

    private ClusterState Moved(ClusterState state)
    {
        var moved = state with { Port = LoopbackPort.Free() };
        log.LogWarning("Port {Old} is taken: PostgreSQL in {Folder} listens on {New} from now on", state.Port, folder.Cluster, moved.Port);
        moved.Write(folder.StateFile);
        return moved;
    }

    private async Task<(ClusterState? State, string Failure)> StartAndJoinAsync(ClusterState state, CancellationToken cancel)
    {
        folder.RotateLog();
        var logged = folder.LogLength();
        // Each argument reaches the server as it is: no shell reads a path.
        using var server = ServerProcess.Start(
            account.Line([
                binaries.Postgres, "-D", folder.Cluster,
                .. PrivateCluster.Settings(state.Port, fsync).SelectMany(s => new[] { "-c", $"{s.Name}={s.Value}" }),
            ])
        );
        try
        {
            if (await HasStartedAsync(server, cancel) && await JoinAsync(Running(), state, cancel) is { } joined) return (joined, "");
            return (null, $"{await server.LastWordsAsync()}\n{folder.LogTail(logged)}".TrimStart());
        }
        catch
        {
            // Cancelled, or we are not let in: a server that nobody uses must not stay.
            await HasStartedAsync(server, CancellationToken.None);
            await StopAsync(UnusedStopPatience, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Waits until the server has taken possession of its folder. False: it ended before, or does not come to it.</summary>
    private async Task<bool> HasStartedAsync(ServerProcess server, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        while (Running() is null)
        {
            if (server.HasEnded || time.GetElapsedTime(began) > ReadyPatience) return false;
            await Task.Delay(PollInterval, time, cancel);
        }
        return true;
    }

    /// <summary>Logs in to a server that is alive, as soon as it is ready; null when it ended meanwhile.</summary>
    private async Task<ClusterState?> JoinAsync(PostmasterFile? found, ClusterState state, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        while (found is { } running)
        {
            NpgsqlException failure;
            try
            {
                var actual = state with { Port = running.Port ?? state.Port };
                await ProveAsync(actual, cancel);
                return actual;
            }
            catch (PostgresException e) when (IsDamage(e))
            {
                throw new EmbeddedPostgresException(
                    $"PostgreSQL runs in {folder.Cluster} and lets nobody in ({e.MessageText}). {folder.RestoreAdvice}", e);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidPassword)
            {
                throw new EmbeddedPostgresException(
                    $"PostgreSQL runs in {folder.Cluster} and refuses the password in {folder.StateFile}. Restore that file, or stop "
                    + "that server.",
                    e);
            }
            catch (NpgsqlException e)
            {
                failure = e;
            }

            if (time.GetElapsedTime(started) > ReadyPatience)
            {
                throw new EmbeddedPostgresException(
                    $"PostgreSQL in {folder.Cluster} (process {running.Pid}) lets nobody in: {failure.Message}. {folder.LogTail()}",
                    failure);
            }
            await Task.Delay(PollInterval, time, cancel);
            found = Running();
        }
        return null;
    }

    /// <summary>
    /// No waiting helps: a file of the cluster is cut, changed or gone (also pg_hba.conf, without which nobody is let in).
    /// </summary>
    private static bool IsDamage(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName
        || e.SqlState[..2] is "XX" or "58" or "F0";

    /// <summary>Logs in and checks that the server is this cluster's, and as durable as we were asked to be.</summary>
    private async Task ProveAsync(ClusterState state, CancellationToken cancel)
    {
        var (directory, synced) = await LogInAsync(state, cancel);
        if (PostmasterFile.RealPath(directory) != PostmasterFile.RealPath(folder.Cluster))
        {
            throw new EmbeddedPostgresException(
                $"The PostgreSQL on port {state.Port} is that of {directory}, not of {folder.Cluster}: is one a copy of the other? Stop "
                + "it first."
            );
        }
        if (fsync && !synced)
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL runs in {folder.Cluster} without fsync, for tests: a power cut would lose data. Stop its users first.");
        }
    }

    private static async Task<(string DataDirectory, bool Fsync)> LogInAsync(ClusterState state, CancellationToken cancel)
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString(state, "postgres", ClusterState.Superuser))
        {
            Pooling = false,
            Timeout = LoginTimeoutSeconds,
            CommandTimeout = LoginTimeoutSeconds,
        };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancel);
        await using var command = new NpgsqlCommand("select current_setting('data_directory'), current_setting('fsync')::bool", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return (reader.GetString(0), reader.GetBoolean(1));
    }
}
