using System.Security.Cryptography;

namespace Ledger.Database.Embedded;

/// <summary>Makes the cluster, and says with which settings it runs. The caller holds the start lock.</summary>
internal static class PrivateCluster
{
    /// <summary>
    /// The settings of every start. They stand on the command line, so that nothing in the cluster overrides them by accident; none is
    /// secret.
    /// </summary>
    public static IEnumerable<(string Name, string Value)> Settings(int port, bool fsync) =>
    [
        // Loopback alone, and no socket in the file system, whose permissions would be another way in.
        ("listen_addresses", "127.0.0.1"),
        ("port", $"{port}"),
        ("unix_socket_directories", ""),
        ("password_encryption", "scram-sha-256"),
        ("max_connections", "200"),
        ("shared_buffers", "128MB"),
        // No statement of the ledger runs long enough to be worth compiling, and the compiler takes each session 50 ms to load.
        ("jit", "off"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        // A process of the server's own writes the log: nobody has to hold a pipe open for it, and it is not cut when the ledger is killed.
        ("logging_collector", "on"),
        ("log_directory", "."),
        ("log_filename", ClusterFolder.LogName),
        ("log_rotation_age", "0"),
        ("log_rotation_size", "0"),
        // Never synchronous_commit or full_page_writes: without them a kill -9, and not only a power cut, loses commits or tears pages.
        ("fsync", fsync ? "on" : "off"),
        // Says to the service's check that whoever turned fsync off meant it: for tests.
        ("ledger.may_lose_data", fsync ? "off" : "on"),
        // No raw identifier in the log (design, section 7): no statements, no parameters, no DETAIL, which quotes the key of a unique
        // violation, and nothing about a single statement's error at all ("log" ranks above "error"): `invalid input syntax for type uuid:
        // "..."` quotes its input.
        ("log_min_messages", "log"),
        ("log_statement", "none"),
        ("log_min_duration_statement", "-1"),
        ("log_min_error_statement", "panic"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
        ("log_error_verbosity", "terse"),
        ("track_activity_query_size", "100"),
    ];

    /// <summary>The port and password of the cluster, which is made first when it is absent.</summary>
    public static async Task<ClusterState> EnsureAsync(
        ClusterFolder folder, PostgresBinaries binaries, ServerAccount account, bool fsync, CancellationToken cancel)
    {
        var state = ClusterState.Read(folder.StateFile);
        if (Directory.Exists(folder.Cluster))
        {
            return state ?? throw new EmbeddedPostgresException(
                $"{folder.Cluster} is a database cluster, but its password file {folder.StateFile} is gone. " +
                "Restore that file, or move the data folder away to begin anew.");
        }
        // The password is on disk before any cluster has it. A crash after this line leaves a password that the next start uses.
        if (state is null)
        {
            state = ClusterState.New();
            state.Write(folder.StateFile);
        }
        await CreateAsync(folder, binaries, account, state.Password, fsync, cancel);
        return state;
    }

    private static async Task CreateAsync(
        ClusterFolder folder, PostgresBinaries binaries, ServerAccount account, string password, bool fsync, CancellationToken cancel)
    {
        // What a killed start left. Its initdb, should that still run, fails when its folder goes.
        foreach (var old in Directory.GetDirectories(folder.DataDirectory, "cluster.new-*")) Directory.Delete(old, recursive: true);
        var staging = $"{folder.Cluster}.new-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        try
        {
            MakePrivate(staging);
            // A file, not an argument: every process of the machine can read those. Both it and its folder are closed to other accounts.
            var passwordFile = Path.Combine(staging, "password");
            await File.WriteAllTextAsync(passwordFile, password + "\n", cancel);
            await account.GiveAsync(staging, cancel);

            var made = Path.Combine(staging, "cluster");
            var initdb = await account.RunAsync(
                [
                    binaries.Initdb, "--pgdata", made, "--username", ClusterState.Superuser, "--pwfile", passwordFile, "--auth",
                    "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--data-checksums", "--no-instructions",
                    .. fsync ? Array.Empty<string>() : ["--no-sync"],
                ],
                cancel
            );
            if (initdb.ExitCode != 0)
                throw new EmbeddedPostgresException(
                    $"initdb could not make a database cluster in {folder.DataDirectory}:\n{initdb.Output}");
            Directory.Move(made, folder.Cluster);
        }
        finally
        {
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
        }
    }

    private static void MakePrivate(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
