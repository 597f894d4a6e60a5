using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Bytes;
using Ledger.Machine;

namespace Ledger.Keys;

/// <summary>Makes, reads and destroys files that hold keys, always in this one way. After a crash a file is either old or new, for
/// good.</summary>
internal static class KeyFiles
{
    /// <summary>Ends the name of a file that is being destroyed. It is no key any more, whatever it still holds.</summary>
    private const string Dying = ".dying";

    /// <summary>Within the name of a file that is not whole yet.</summary>
    private const string Unfinished = ".new-";

    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// True if the file is there. A user who may not look gets an exception, and not false: new keys in the place of the old ones would
    /// open nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">The current user may not look.</exception>
    public static bool IsThere(string file)
    {
        try
        {
            return !File.GetAttributes(file).HasFlag(FileAttributes.Directory);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InvalidOperationException(
                $"'{FolderOf(file)}' may not be read by this user: run this as the user that the service runs as", e);
        }
    }

    /// <summary>
    /// A new file of one line that only its user, the folder's owner, can read. On return it and its name are on the disk.
    /// </summary>
    /// <param name="file">
    /// The file's place. An <see cref="IOException"/> if something is there already, unless <paramref name="replace"/>.
    /// </param>
    /// <param name="line">The content, in ASCII or UTF-8.</param>
    /// <param name="replace">True to replace an older file.</param>
    public static void Create(string file, string line, bool replace = false)
    {
        var unfinished = UnfinishedName(file);
        using (var stream = new FileStream(unfinished, DurableFile.New()))
        {
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
            stream.Flush(flushToDisk: true);
        }
        Finish(unfinished, file, replace);
    }

    /// <summary>The line that a file holds. A file that others can reach is refused.</summary>
    /// <param name="file">The file's place.</param>
    /// <param name="ifKnown">The consequence if others had access to it, and the remedy.</param>
    /// <param name="refusal">Makes the exception from its message.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static string Read(string file, string ifKnown, Func<string, Exception> refusal)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & ~OwnersAlone) != UnixFileMode.None)
            throw refusal($"'{file}' can be read by others: `chmod 600 {ShellWord.Of(file)}` (and if others had access, {ifKnown})");
        try
        {
            return StrictText.Line(Undestroyed(file, () => File.ReadAllBytes(file)));
        }
        catch (FormatException e)
        {
            throw refusal($"'{file}' is not a key of the ledger ({e.Message}): bring back the whole file");
        }
    }

    /// <summary>
    /// Reads a file that another process may destroy meanwhile. That overwrites it, after it has taken its name (<see cref="Destroy"/>).
    /// So the bytes that were read count only if the file still has its name afterwards.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file, or it was destroyed meanwhile.</exception>
    public static T Undestroyed<T>(string file, Func<T> read)
    {
        var content = read();
        return File.Exists(file) ? content : throw new FileNotFoundException("the file was destroyed while it was read", file);
    }

    /// <summary>A new file that only the service's user can read. It gets its name once it is whole and on the disk.</summary>
    /// <param name="file">
    /// The file's place. An <see cref="IOException"/> if something is there already, unless <paramref name="replace"/>.
    /// </param>
    /// <param name="replace">True to replace an older file.</param>
    /// <param name="write">Writes the content.</param>
    public static async Task WriteAsync(string file, bool replace, Func<Stream, Task> write)
    {
        var unfinished = UnfinishedName(file);
        await using (var stream = new FileStream(unfinished, DurableFile.New()))
        {
            await write(stream);
            stream.Flush(flushToDisk: true);
        }
        Finish(unfinished, file, replace);
    }

    private static string UnfinishedName(string file) => $"{file}{Unfinished}{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    private static void Finish(string unfinished, string file, bool replace)
    {
        DurableFile.GiveToOwnerOfFolder(unfinished);
        File.Move(unfinished, file, replace);
        DurableFile.SyncFolder(FolderOf(file));
    }

    private static string FolderOf(string file) => Path.GetDirectoryName(Path.GetFullPath(file))!;

    /// <summary>Destroys a file. It gets a name that nobody reads, is overwritten, then removed.</summary>
    public static void Destroy(string file)
    {
        // Renamed first, and that on the disk: a crash must not leave a key's name on an overwritten file, which would pass for a damaged
        // key.
        File.Move(file, file + Dying, overwrite: true);
        DurableFile.SyncFolder(FolderOf(file));
        FaultPoint.At("rotate.destroying");
        Erase(file + Dying);
    }

    /// <summary>
    /// Files that a crash left while they were being made or destroyed. Only files with <paramref name="prefix"/> are listed.
    /// </summary>
    public static IEnumerable<string> Leftovers(string folder, string prefix) =>
        [.. Directory.EnumerateFiles(folder, $"{prefix}*{Dying}"), .. Directory.EnumerateFiles(folder, $"{prefix}*{Unfinished}*")];

    /// <summary>
    /// Overwrites a file and removes it, durably. A file system that copies on write, or a disk that levels its wear, may still keep the
    /// old bytes.
    /// </summary>
    public static void Erase(string file)
    {
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.Write))
        {
            var zeros = new byte[64 * 1024];
            for (var left = stream.Length; left > 0; left -= zeros.Length)
                stream.Write(zeros, 0, (int)Math.Min(left, zeros.Length));
            stream.Flush(flushToDisk: true);
        }
        File.Delete(file);
        DurableFile.SyncFolder(FolderOf(file));
    }
}
