using System.Buffers;
using Ledger.Audit.Tree;
using Ledger.Contracts.Transparency;

namespace Ledger.Audit.Mirror;

/// <summary>The result of an export.</summary>
/// <param name="Before">Leaves that the mirror had.</param>
/// <param name="After">Leaves that it has now.</param>
/// <param name="Origin">The log's name.</param>
public sealed record ExportResult(long Before, long After, string Origin);

/// <summary>
/// Brings a mirror up to date: what it has stays as it is, and what follows is added, its tree built anew from the entries. Only a log
/// that goes on from the mirror's own last checkpoint is taken.
/// </summary>
/// <param name="keys">The log's keys: a checkpoint that none of them signed is refused; none: signatures are not checked.</param>
public sealed class LogExport(ILogSource source, MirrorFolder mirror, IReadOnlyList<NoteVerifier> keys)
{
    private readonly List<List<byte[]>> _edge = [];
    private readonly List<(int Level, long Number, int Width)> _written = [];
    private readonly ArrayBufferWriter<byte> _bundle = new();

    /// <exception cref="MirrorException">The log must not be mirrored; what the mirror had is as it was.</exception>
    public async Task<ExportResult> RunAsync(Action<long, long>? progress, CancellationToken cancel)
    {
        var note =
            await source.CheckpointAsync(cancel)
            ?? throw new MirrorException(
                "no checkpoint is published yet: a running `ledger serve` publishes one within a second of the first event");
        var latest = Open(note, "the log's checkpoint");
        var had = mirror.Checkpoint();
        var before = had is null ? null : Open(had, $"the checkpoint of the mirror in {mirror.Folder}");
        if (before is not null)
            RefuseOlder(before, latest);
        var size = before?.Size ?? 0;
        // The last bundle is written anew: it may have been partial.
        var from = size - size % TileId.FullWidth;
        TakeEdge(from, size);
        if (latest.Size > size || before is null)
        {
            await AddEntriesAsync(from, before, latest, progress, cancel);
            // before this line a crash leaves the old mirror with some files more, which the next export writes again
            mirror.WriteCheckpoint(note);
            foreach (var (level, number, width) in _written)
                mirror.RemovePartials(level, number, width);
        }
        else if (note != had)
        {
            mirror.WriteCheckpoint(note); // more cosignatures, or a new name of the log
        }
        return new ExportResult(size, latest.Size, latest.Origin);
    }

    private async Task AddEntriesAsync(
        long from, Checkpoint? before, Checkpoint latest, Action<long, long>? progress, CancellationToken cancel)
    {
        var index = from;
        await foreach (var entry in source.EntriesAsync(from, latest.Size, cancel))
        {
            TileId.AppendTo(_bundle, entry.Span);
            Add(0, MerkleTree.LeafHash(entry.Span), index / TileId.FullWidth);
            index++;
            if (index == before?.Size && !Root(index).AsSpan().SequenceEqual(before.Root))
                throw Forked(before.Size);
            if (index % TileId.FullWidth == 0)
            {
                WriteBundle(index);
                progress?.Invoke(index, latest.Size);
            }
        }
        if (index != latest.Size || !Root(index).AsSpan().SequenceEqual(latest.Root))
        {
            throw before is { Size: > 0 }
                ? Forked(before.Size)
                : new MirrorException(
                    $"the log's entries do not give the root of its checkpoint of size {latest.Size}: events were changed or removed. "
                    + "The mirror's checkpoint was not touched; `ledger audit` on the database says where"
                );
        }
        WriteEdge(index);
    }

    private static void RefuseOlder(Checkpoint before, Checkpoint latest)
    {
        if (latest.Size < before.Size)
        {
            throw new MirrorException(
                $"the log has {latest.Size} leaves, and the mirror {before.Size}: the database was rolled back to an older backup, or "
                + "this is another log. The mirror was not touched, and holds what was lost: "
                + "`ledger audit --mirror DIR` with the database names it");
        }
        if (latest.Size == before.Size && !latest.Root.AsSpan().SequenceEqual(before.Root))
            throw Forked(before.Size);
    }

    private static MirrorException Forked(long size) =>
        new(
            $"the log does not go on from what the mirror holds ({size} leaves): a fork, or events were changed. Either a restored "
            + "database went on under the same name, or history was rewritten. "
                + "The mirror's checkpoint was not touched: keep the mirror, it is the evidence. `ledger audit --mirror DIR` with the "
                + "database says more; mirror the new log into another folder"
        );

    /// <summary>The right edge of the tree at a bundle's beginning, from the mirror's own tiles.</summary>
    private void TakeEdge(long from, long size)
    {
        for (var level = 0; from >> (8 * level) > 0; level++)
        {
            var hashes = from >> (8 * level);
            var width = (int)(hashes % TileId.FullWidth);
            var tile = width == 0 ? [] : mirror.Read(level, hashes / TileId.FullWidth, size);
            if (tile is null || tile.Length < width * MerkleTree.HashSize)
                throw new MirrorException(
                    $"the mirror lacks {new TileId(level, hashes / TileId.FullWidth, Math.Max(width, 1)).Path}: it is damaged. Export "
                    + "into an empty folder"
                );
            _edge.Add([.. tile.AsSpan(0, width * MerkleTree.HashSize).ToArray().Chunk(MerkleTree.HashSize)]);
        }
    }

    private void Add(int level, byte[] hash, long number)
    {
        if (level == _edge.Count)
            _edge.Add([]);
        _edge[level].Add(hash);
        if (_edge[level].Count < TileId.FullWidth)
            return;
        Write(level, number, TileId.FullWidth);
        var root = new MerkleRoot();
        _edge[level].ForEach(root.AddLeaf);
        _edge[level].Clear();
        Add(level + 1, root.Root(), number / TileId.FullWidth);
    }

    private void WriteEdge(long size)
    {
        if (size % TileId.FullWidth != 0)
            WriteBundle(size);
        for (var level = 0; level < _edge.Count; level++)
        {
            if (_edge[level].Count > 0)
                Write(level, (size >> (8 * level)) / TileId.FullWidth, _edge[level].Count);
        }
    }

    private void Write(int level, long number, int width)
    {
        mirror.Write(new TileId(level, number, width), _edge[level].SelectMany(hash => hash).ToArray());
        _written.Add((level, number, width));
    }

    private void WriteBundle(long end)
    {
        var number = (end - 1) / TileId.FullWidth;
        var width = (int)(end - number * TileId.FullWidth);
        mirror.Write(new TileId(TileId.Entries, number, width), _bundle.WrittenSpan);
        _written.Add((TileId.Entries, number, width));
        _bundle.ResetWrittenCount();
    }

    private byte[] Root(long size)
    {
        var root = new MerkleRoot();
        for (var level = _edge.Count - 1; level >= 0; level--)
            _edge[level].ForEach(hash => root.AddSubtree(hash, 1L << (8 * level)));
        return root.Size == size ? root.Root() : [];
    }

    private Checkpoint Open(string note, string what)
    {
        var findings = new Findings();
        return new CheckpointSignatures(keys, findings).Open(note, what)
            ?? throw new MirrorException($"{what} is not to be trusted: {findings.All[0].Found}. Nothing was written");
    }
}
