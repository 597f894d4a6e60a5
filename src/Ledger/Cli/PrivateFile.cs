namespace Ledger.Cli;

/// <summary>Files that hold raw ids: only their owner can read them.</summary>
internal static class PrivateFile
{
    /// <summary>Writes beside the file's place and moves it there whole: what is cut short never passes for the file.</summary>
    /// <returns>Bytes written.</returns>
    public static async Task<long> WriteAsync(string file, Func<Stream, Task> write)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var unfinished = file + ".unfinished";
        File.Delete(unfinished); // of an earlier run: its mode may be another
        long bytes;
        await using (var stream = new FileStream(unfinished, options))
        {
            await write(stream);
            bytes = stream.Position;
        }
        File.Move(unfinished, file, overwrite: true);
        return bytes;
    }
}
