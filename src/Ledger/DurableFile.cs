using System.Runtime.InteropServices;
using System.Text;

namespace Ledger;

/// <summary>Files that survive a power cut once they are written.</summary>
internal static class DurableFile
{
    private const string Unfinished = ".new";

    /// <summary>Told of every folder as it is flushed: power cannot be cut in a test.</summary>
    internal static readonly AsyncLocal<Action<string>?> FolderSynced = new();

    /// <summary>
    /// Puts <paramref name="content"/> in the place of what the file held, all or nothing, and returns once it is on disk. A crash in here leaves the old
    /// content or the new one, and perhaps a <c>.new</c> beside it, which the next call replaces. One caller at a time.
    /// </summary>
    public static void Replace(string path, string content)
    {
        var fresh = path + Unfinished;
        using (var stream = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(Encoding.UTF8.GetBytes(content));
            stream.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
        // The new name is on disk only once the folder is: without this a power cut could bring the old content back after it was answered for.
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>fsync of a folder: the names in it are then on the disk. .NET opens no folders.</summary>
    /// <exception cref="IOException">It cannot be done; what was renamed or removed may come back after a power cut.</exception>
    public static void SyncFolder(string folder)
    {
        FolderSynced.Value?.Invoke(folder);
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open([.. Encoding.UTF8.GetBytes(folder), 0], 0);
        if (descriptor < 0)
            throw new IOException($"{folder} cannot be opened to flush it to disk (error {Marshal.GetLastPInvokeError()})");
        var failed = Fsync(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (failed)
            throw new IOException($"{folder} cannot be flushed to disk (error {error})");
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
