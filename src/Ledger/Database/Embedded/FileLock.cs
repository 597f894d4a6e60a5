namespace Ledger.Database.Embedded;

/// <summary>
/// A lock on a file, held by the kernel (<c>flock</c>): it ends with its process, however that process ends. It is not inherited by
/// children, and two locks taken in one process exclude each other as those of two processes do.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Waits at most <paramref name="patience"/> for the only lock on <paramref name="path"/>.</summary>
    /// <exception cref="EmbeddedPostgresException">Another process kept it for longer.</exception>
    public static async Task<FileLock> ExclusiveAsync(string path, TimeSpan patience, TimeProvider time, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            if (TryExclusive(path) is { } taken) return taken;
            if (time.GetElapsedTime(started) > patience)
            {
                throw new EmbeddedPostgresException(
                    $"Another process has held {path} for {patience.TotalSeconds:0} s: it is starting or stopping PostgreSQL there. Wait "
                    + "for it, or end it."
                );
            }
            await Task.Delay(PollInterval, time, cancel);
        }
    }

    /// <summary>The only lock on <paramref name="path"/>, or null when somebody holds one.</summary>
    public static FileLock? TryExclusive(string path) => TryOpen(path, FileAccess.ReadWrite, FileShare.None); // LOCK_EX

    /// <summary>One of any number of shared locks, or null when somebody holds the exclusive one.</summary>
    public static FileLock? TryShared(string path) => TryOpen(path, FileAccess.Read, FileShare.Read); // LOCK_SH

    /// <summary>Unlocks before it closes: a child that another thread is just forking must not keep the lock.</summary>
    public void Dispose() => _file.Dispose();

    private static FileLock? TryOpen(string path, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new FileLock(new FileStream(path, options));
        }
        catch (IOException e) when (IsHeldElsewhere(e))
        {
            return null;
        }
    }

    // EWOULDBLOCK on Linux and on macOS, ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeldElsewhere(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);
}
