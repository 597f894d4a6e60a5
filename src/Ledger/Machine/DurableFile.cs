using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ledger.Machine;

/// <summary>Files that survive a power cut once they are written, and that only their folder's owner can read.</summary>
internal static class DurableFile
{
    private const string Unfinished = ".new";

    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly ConcurrentDictionary<string, (uint User, uint Group)> s_owners = new(StringComparer.Ordinal);

    /// <summary>Told of every folder that is flushed. It is for tests, which cannot cut the power.</summary>
    internal static readonly AsyncLocal<Action<string>?> FolderSynced = new();

    /// <summary>
    /// Replaces a file's content, all or nothing, and returns once it is on disk. A crash in here leaves the old content or the new one. It
    /// may leave a <c>.new</c> file too, which the next call replaces. Only one caller at a time.
    /// </summary>
    public static void Replace(string path, string content)
    {
        var fresh = path + Unfinished;
        File.Delete(fresh); // of an earlier run: its mode may be another
        using (var stream = new FileStream(fresh, New()))
        {
            stream.Write(Encoding.UTF8.GetBytes(content));
            stream.Flush(flushToDisk: true);
        }
        GiveToOwnerOfFolder(fresh);
        File.Move(fresh, path, overwrite: true);
        // The new name is on disk only once the folder is: without this a power cut could bring the old content back after it was answered
        // for.
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>The options for a new file that its user alone can read.</summary>
    public static FileStreamOptions New()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnersAlone;
        return options;
    }

    /// <summary>Gives a file to its folder's owner. Otherwise an administrator who is root would make a file that the service cannot
    /// read.</summary>
    /// <exception cref="IOException">The file cannot be given away.</exception>
    public static void GiveToOwnerOfFolder(string file)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return;
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        // Asked once a folder: a log writer that runs as root comes here with every checkpoint.
        var (user, group) = s_owners.GetOrAdd(folder, OwnerOf);
        if (Chown([.. Encoding.UTF8.GetBytes(file), 0], user, group) != 0)
            throw new IOException($"'{file}' could not be given to the owner of '{folder}': run this as the user that the service runs as");
    }

    /// <summary>The owner of a folder, asked of a program because .NET does not tell it.</summary>
    private static (uint User, uint Group) OwnerOf(string folder)
    {
        using var stat = new Process { StartInfo = ShortProgram.StartInfo(["stat", "-c", "%u %g", "--", folder]) };
        stat.Start();
        stat.StandardInput.Close();
        var owner = stat.StandardOutput.ReadToEnd().Split(' ');
        stat.WaitForExit();
        return stat.ExitCode == 0 && owner.Length == 2
            ? (uint.Parse(owner[0], CultureInfo.InvariantCulture), uint.Parse(owner[1], CultureInfo.InvariantCulture))
            : throw new IOException($"the owner of '{folder}' cannot be read");
    }

    /// <summary>Flushes a folder (fsync), so that the names in it are on the disk. .NET cannot open folders.</summary>
    /// <exception cref="IOException">The folder cannot be flushed. Renamed or removed files may come back after a power cut.</exception>
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

    [DllImport("libc", EntryPoint = "chown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Chown(byte[] path, uint user, uint group);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
