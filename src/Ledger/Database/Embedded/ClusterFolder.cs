using System.Globalization;

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

    /// <summary>
    /// Makes the folder when it is absent: for its owner alone; as root others may pass through (not list) to reach cluster/.
    /// </summary>
    public static ClusterFolder Open(string dataDirectory)
    {
        var path = Path.GetFullPath(dataDirectory);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return new ClusterFolder(path);
        }

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        // Parents keep the usual mode: only the data folder itself is ours to close.
        MakePassable(Path.GetDirectoryName(path) ?? path);
        Directory.CreateDirectory(path, owner);
        LetPass(path);
        return new ClusterFolder(path);
    }

    /// <summary>
    /// Makes a folder and the parents that it lacks. As root, also those can be passed through, whatever our umask: PostgreSQL runs as
    /// another user.
    /// </summary>
    public static void MakePassable(string path)
    {
        if (Directory.Exists(path)) return;
        if (Path.GetDirectoryName(path) is { } parent) MakePassable(parent);
        Directory.CreateDirectory(path);
        LetPass(path);
    }

    private static void LetPass(string path)
    {
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    /// <summary>The PostgreSQL that made the cluster; null when there is none yet.</summary>
    /// <exception cref="EmbeddedPostgresException">The file that says so was cut or changed.</exception>
    public int? Major()
    {
        var file = Path.Combine(Cluster, "PG_VERSION");
        if (!File.Exists(file)) return null;
        return int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major > 0
            ? major
            : throw new EmbeddedPostgresException(
                $"{file} does not say which PostgreSQL made this cluster: it is damaged. {RestoreAdvice}");
    }

    /// <summary>The advice for damaged files of the cluster.</summary>
    public string RestoreAdvice =>
        $"Other files of {Cluster} may be damaged too: keep a copy of {DataDirectory}, and restore it whole from a backup.";

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
