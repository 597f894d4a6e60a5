using System.Security.Cryptography;

namespace Ledger.Import;

/// <summary>The input of an import: JSON Lines as bytes that can be read twice, gzip or not.</summary>
public sealed class ImportSource : IAsyncDisposable
{
    private readonly Stream _bytes;

    private ImportSource(Stream bytes) => _bytes = bytes;

    /// <summary>The share of the input that this pass has read, in percent of the bytes on the disk. Null if the input is empty.</summary>
    public double? Percent => _bytes.Length > 0 ? 100.0 * _bytes.Position / _bytes.Length : null;

    /// <summary>A file that stays open between the passes.</summary>
    /// <param name="bytes">The file. It must be able to seek.</param>
    public static ImportSource Of(Stream bytes) => new(bytes);

    /// <summary>
    /// An input that can be read only once goes to a spool file first. The file is removed from its folder at once, so it does not stay,
    /// whatever happens.
    /// </summary>
    /// <param name="input">The input, which is read to its end.</param>
    /// <param name="folder">The folder for the spool file, which takes as much room as the input has bytes.</param>
    /// <param name="progress">Told how many bytes have come.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ImportException">The spool file cannot be made, or there is no room for it.</exception>
    public static async Task<ImportSource> SpoolAsync(Stream input, string folder, Action<long>? progress, CancellationToken cancel)
    {
        var spool = Create(folder);
        try
        {
            var buffer = new byte[128 << 10];
            while (await ReadAsync(input, buffer, cancel) is > 0 and var count)
            {
                await WriteAsync(spool, buffer.AsMemory(0, count), folder, cancel);
                progress?.Invoke(spool.Length);
            }
            return new ImportSource(spool);
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _bytes.DisposeAsync();

    /// <summary>The lines from the first one on. Gzip is recognized by its first two bytes, because no JSON begins with them.</summary>
    internal async Task<ImportLineReader> LinesAsync(CancellationToken cancel)
    {
        _bytes.Position = 0;
        var magic = new byte[GzipMembers.Magic.Length];
        var read = await _bytes.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancel);
        _bytes.Position = 0;
        return new ImportLineReader(magic.AsSpan(0, read).SequenceEqual(GzipMembers.Magic) ? new GzipMembers(_bytes) : _bytes);
    }

    private static FileStream Create(string folder)
    {
        var file = Path.Combine(folder, $"import-{RandomNumberGenerator.GetHexString(16, lowercase: true)}.spool");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            var spool = new FileStream(file, options);
            if (!OperatingSystem.IsWindows())
                File.Delete(file);
            return spool;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NoRoom(folder, e);
        }
    }

    private static async Task<int> ReadAsync(Stream input, byte[] buffer, CancellationToken cancel)
    {
        try
        {
            return await input.ReadAsync(buffer, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImportException("standard input", $"it cannot be read ({e.Message})", cause: e);
        }
    }

    private static async Task WriteAsync(FileStream spool, ReadOnlyMemory<byte> bytes, string folder, CancellationToken cancel)
    {
        try
        {
            await spool.WriteAsync(bytes, cancel);
        }
        catch (IOException e)
        {
            throw NoRoom(folder, e);
        }
    }

    private static ImportException NoRoom(string folder, Exception e) =>
        new("standard input", $"it is read twice, and cannot be kept in {folder} until then ({e.Message})", cause: e);
}
