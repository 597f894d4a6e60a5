using System.Diagnostics;
using System.Security.Cryptography;

namespace Ledger.Identifiers;

/// <summary>Files of the key folder, made and destroyed so that a crash leaves either the one or the other, for good.</summary>
internal static class KeyFiles
{
    /// <summary>Ends the name of a file that is being destroyed. It is no key any more, whatever it still holds.</summary>
    private const string Dying = ".dying";

    /// <summary>Within the name of a file that is not whole yet.</summary>
    private const string Unfinished = ".new-";

    /// <summary>A new file that only the service's user can read. It gets its name once it is whole and on the disk.</summary>
    /// <param name="file">Its place. An <see cref="IOException"/> where something is there already, unless <paramref name="replace"/>.</param>
    /// <param name="replace">Takes the place of an older one.</param>
    /// <param name="write">Writes what is in it.</param>
    public static async Task WriteAsync(string file, bool replace, Func<Stream, Task> write)
    {
        var unfinished = $"{file}{Unfinished}{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        await using (var stream = new FileStream(unfinished, New()))
        {
            await write(stream);
            stream.Flush(flushToDisk: true);
        }
        GiveToOwnerOf(Path.GetDirectoryName(file)!, unfinished);
        File.Move(unfinished, file, replace);
        DurableFile.SyncFolder(Path.GetDirectoryName(file)!);
    }

    public static FileStreamOptions New()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>Destroys a file: under a name that nobody reads it is overwritten, then removed.</summary>
    public static void Destroy(string file)
    {
        // Renamed first, and that on the disk: a crash must not leave a key's name on an overwritten file, which would pass for a damaged key.
        File.Move(file, file + Dying, overwrite: true);
        DurableFile.SyncFolder(Path.GetDirectoryName(file)!);
        FaultPoint.At("rotate.destroying");
        Erase(file + Dying);
    }

    /// <summary>What a crash left of files that were being made or destroyed. Other files than <paramref name="prefix"/>'s are left alone.</summary>
    public static IEnumerable<string> Leftovers(string folder, string prefix) =>
        [.. Directory.EnumerateFiles(folder, $"{prefix}*{Dying}"), .. Directory.EnumerateFiles(folder, $"{prefix}*{Unfinished}*")];

    /// <summary>Overwrites a file and removes it, durably. A file system that copies on write, and a disk that levels its wear, may keep the old bytes all the same.</summary>
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
        DurableFile.SyncFolder(Path.GetDirectoryName(file)!);
    }

    /// <summary>An administrator who rotates as root must not make a key that the service cannot read.</summary>
    private static void GiveToOwnerOf(string folder, string file)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return;
        using var chown = Process.Start("chown", [$"--reference={folder}", "--", file]);
        chown.WaitForExit();
        if (chown.ExitCode != 0)
            throw new IOException($"'{file}' could not be given to the owner of '{folder}': run this as the user that the service runs as");
    }
}
