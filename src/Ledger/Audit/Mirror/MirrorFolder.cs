using System.Text;
using Ledger.Contracts.Bytes;
using Ledger.Contracts.Transparency;

namespace Ledger.Audit.Mirror;

/// <summary>
/// A copy of the log as static files, under the names that tlog-tiles serves them (c2sp.org/tlog-tiles): <c>checkpoint</c>,
/// <c>tile/L/N[.p/W]</c>, <c>tile/entries/N[.p/W]</c>. Any web server can serve the folder as a log.
/// </summary>
public sealed class MirrorFolder(string folder)
{
    private const string CheckpointFile = "checkpoint";

    public string Folder => folder;

    /// <summary>The checkpoint's note; null: the folder holds no mirror.</summary>
    /// <exception cref="MirrorException">It is no text.</exception>
    public string? Checkpoint()
    {
        var file = Path.Combine(folder, CheckpointFile);
        if (!File.Exists(file))
            return null;
        try
        {
            return StrictText.Utf8(File.ReadAllBytes(file));
        }
        catch (FormatException e)
        {
            throw new MirrorException($"the checkpoint of the mirror in {folder} cannot be read: {e.Message}");
        }
    }

    /// <summary>Replaces the checkpoint, durably: what it covers must have been written before.</summary>
    public void WriteCheckpoint(string note) => Write(CheckpointFile, Encoding.UTF8.GetBytes(note));

    /// <summary>A tile's or bundle's bytes as the log of this size has it, full or the partial one; null: it is not there.</summary>
    /// <param name="level">As in <see cref="TileId.Level"/>.</param>
    /// <param name="number">As in <see cref="TileId.Number"/>.</param>
    /// <param name="size">Leaves of the log.</param>
    public byte[]? Read(int level, long number, long size)
    {
        var hashes = (size >> (8 * Math.Max(level, 0))) - number * TileId.FullWidth;
        if (hashes <= 0)
            return null;
        var file = Path.Combine(folder, new TileId(level, number, (int)Math.Min(hashes, TileId.FullWidth)).Path);
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    }

    public void Write(TileId tile, ReadOnlySpan<byte> bytes) => Write(tile.Path, bytes);

    /// <summary>Removes the partial tiles that a larger log has full or wider ones of.</summary>
    public void RemovePartials(int level, long number, int width)
    {
        var partials = Path.Combine(folder, new TileId(level, number, TileId.FullWidth).Path + ".p");
        if (!Directory.Exists(partials))
            return;
        foreach (
            var file in Directory.GetFiles(partials).Where(file => width == TileId.FullWidth || Path.GetFileName(file) != width.ToString()))
            File.Delete(file);
        if (!Directory.EnumerateFileSystemEntries(partials).Any())
            Directory.Delete(partials);
    }

    /// <summary>
    /// Written beside its place, flushed and moved there: a crash leaves the old file or the new one, and at worst a <c>.new</c> that the
    /// next export overwrites.
    /// </summary>
    private void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var file = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var fresh = file + ".new";
        using (var stream = new FileStream(fresh, FileMode.Create, FileAccess.Write))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        File.Move(fresh, file, overwrite: true);
    }
}
