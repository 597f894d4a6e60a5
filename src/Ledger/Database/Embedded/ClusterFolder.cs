namespace Ledger.Database.Embedded;

/// <summary>The names in a data folder, and what is known about it without a running server.</summary>
internal sealed record ClusterFolder
{
    /// <summary>The server's log, in its cluster's folder.</summary>
    public const string LogName = "server.log";

    private const int LinesOfLogShown = 15;
    private const long LogLimitBytes = 10 << 20;

    private ClusterFolder(string dataDirectory) => DataDirectory = dataDirectory;

    public string DataDirectory { get; }

    /// <summary>PGDATA. It exists whole or not at all.</summary>
    public string Cluster => Path.Combine(DataDirectory, "cluster");

    public string StateFile => Path.Combine(DataDirectory, "cluster.json");

    /// <summary>Held exclusively by whoever starts or stops the server.</summary>
    public string StartLock => Path.Combine(DataDirectory, "start.lock");

    /// <summary>Held shared by every process that uses the server.</summary>
    public string UsersLock => Path.Combine(DataDirectory, "users.lock");

    /// <summary>Inside PGDATA because the server's account, which as root is not ours, writes it.</summary>
    public string Log => Path.Combine(Cluster, LogName);

    /// <summary>Makes the folder when it is absent: for its owner alone; as root others may pass through (not list) to reach cluster/.</summary>
    public static ClusterFolder Open(string dataDirectory)
    {
        var path = Path.GetFullPath(dataDirectory);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return new ClusterFolder(path);
        }

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        const UnixFileMode passing = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        // Parents keep the usual mode: only the data folder itself is ours to close.
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? path);
        Directory.CreateDirectory(path, owner);
        if (Environment.IsPrivilegedProcess) File.SetUnixFileMode(path, File.GetUnixFileMode(path) | passing);
        return new ClusterFolder(path);
    }

    /// <summary>The PostgreSQL that made the cluster; null when there is none yet.</summary>
    public int? Major() =>
        File.Exists(Path.Combine(Cluster, "PG_VERSION")) ? int.Parse(File.ReadAllText(Path.Combine(Cluster, "PG_VERSION")).Trim()) : null;

    /// <summary>Keeps the log from growing for ever: at a start, a log over 10 MB becomes the one old log.</summary>
    public void RotateLog()
    {
        if (new FileInfo(Log) is { Exists: true, Length: > LogLimitBytes }) File.Move(Log, Log + ".1", overwrite: true);
    }

    public long LogLength() => new FileInfo(Log) is { Exists: true } file ? file.Length : 0;

    /// <summary>The last lines written to the log after <paramref name="from"/> bytes, and where the rest is.</summary>
    public string LogTail(long from = 0)
    {
        if (!File.Exists(Log)) return $"It wrote no log ({Log}).";
        using var file = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(from, SeekOrigin.Begin);
        var lines = new StreamReader(file).ReadToEnd().TrimEnd().Split('\n');
        return $"The end of its log, {Log}:\n{string.Join('\n', lines.TakeLast(LinesOfLogShown))}";
    }
}
