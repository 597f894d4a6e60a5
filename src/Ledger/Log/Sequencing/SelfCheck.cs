using System.Numerics;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Log.Sequencing;

/// <summary>
/// The checks before a checkpoint is signed, made from stored data on a second code path. The events' rows must hash to the stored leaves.
/// The stored tiles must follow from the leaves. The whole must have the root to be signed, and must begin with every tree signed before.
/// </summary>
internal sealed class SelfCheck
{
    /// <summary>Number of leaves that are held at once.</summary>
    private const int Chunk = 8_192;

    private readonly NpgsqlConnection _connection;
    private Dictionary<(int Level, long Number), byte[]> _tiles = [];

    private SelfCheck(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Checks the committed tree against what was signed before.</summary>
    /// <param name="signed">
    /// Checkpoints of this log. The largest was proven when it was signed, so only leaves from there on are hashed again.
    /// </param>
    /// <exception cref="LogException">Something differs. The message names the first difference, and says what to do.</exception>
    public static async Task RunAsync(
        NpgsqlConnection connection, LogState state, IReadOnlyList<Checkpoint> signed, CancellationToken cancel)
    {
        if (signed.FirstOrDefault(older => older.Size > state.Size) is { } ahead)
        {
            throw new LogException(
                $"the log in the database has {state.Size} leaves, and {ahead.Size} were signed already: the database was rolled back to "
                + "an older state. "
                + "Restore the newest backup; if events are lost for good, go on under a new name with `ledger log new-origin`");
        }
        var check = new SelfCheck(connection);
        for (var from = signed.Select(older => older.Size).DefaultIfEmpty().Max(); from < state.Size; from += Chunk)
            await check.LeavesAsync(from, Math.Min(from + Chunk, state.Size), cancel);
        await check.RootsAsync(state, signed, cancel);
    }

    private async Task LeavesAsync(long from, long to, CancellationToken cancel)
    {
        await LoadAsync(Levels(to).SelectMany(level => Touched(level, from, to)), cancel);
        await foreach (var leaf in StoredLeaf.ReadAsync(_connection, from, to, cancel))
        {
            if (!Hash(leaf).AsSpan().SequenceEqual(Stored(0, leaf.Index)))
                throw new LogException(
                    $"leaf {leaf.Index} (version {leaf.Version} of stream {leaf.Stream}) is not what was hashed when it was logged: the "
                    + "event or the tile was changed. Restore the database from a backup"
                );
        }
        // A hash above the leaves is new if its subtree became complete in this range.
        foreach (var level in Levels(to).Skip(1))
        {
            for (var index = from >> (8 * level); index < to >> (8 * level); index++)
            {
                if (!Subtree(level - 1, index * TileId.FullWidth, TileId.FullWidth).AsSpan().SequenceEqual(Stored(level, index)))
                    throw new LogException(
                        $"the log's stored tile {level}/{index / TileId.FullWidth} does not follow from the level below it: it was "
                        + "changed. Restore the database from a backup"
                    );
            }
        }
    }

    private async Task RootsAsync(LogState state, IReadOnlyList<Checkpoint> signed, CancellationToken cancel)
    {
        await LoadAsync(
            signed.Select(older => older.Size).Append(state.Size).SelectMany(size => Levels(size).Select(level => Edge(level, size))),
            cancel);
        if (signed.FirstOrDefault(older => !Root(0, older.Size).AsSpan().SequenceEqual(older.Root)) is { } other)
        {
            throw new LogException(
                $"the first {other.Size} leaves in the database have another root than the checkpoint of {other.Size} that was signed: "
                + "this is another log, or it was changed. "
                + "Restore the database from a backup; if that cannot be, go on under a new name with `ledger log new-origin`");
        }
        if (!Root(0, state.Size).AsSpan().SequenceEqual(state.Root))
            throw new LogException(
                $"the log's stored tiles do not give the root of its {state.Size} leaves by a second calculation: a tile was changed, or "
                + "this is a bug. Nothing is signed"
            );
    }

    private static byte[] Hash(StoredLeaf leaf)
    {
        try
        {
            return SecondForm.LeafHash(leaf);
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException)
        {
            throw new LogException(
                $"leaf {leaf.Index} (version {leaf.Version} of stream {leaf.Stream}) cannot be a leaf, by a second calculation: "
                + $"{e.Message}",
                e);
        }
    }

    /// <summary>RFC 6962 §2.1: <c>MTH(D[first:end])</c>, down to the subtrees that tiles hold.</summary>
    private byte[] Root(long first, long end)
    {
        var leaves = end - first;
        if (leaves == 0)
            return MerkleTree.EmptyRoot();
        if (BitOperations.IsPow2(leaves) && BitOperations.Log2((ulong)leaves) is var height && height % 8 == 0)
            return Stored(height / 8, first / leaves);
        var k = 1L;
        while (2 * k < leaves)
            k *= 2;
        return SecondForm.NodeHash(Root(first, first + k), Root(first + k, end));
    }

    /// <summary>The root over <paramref name="count"/> (a power of two) stored hashes of one level.</summary>
    private byte[] Subtree(int level, long first, long count) => count == 1
        ? Stored(level, first)
        : SecondForm.NodeHash(Subtree(level, first, count / 2), Subtree(level, first + count / 2, count / 2));

    private byte[] Stored(int level, long index)
    {
        var start = (int)(index % TileId.FullWidth) * MerkleTree.HashSize;
        return _tiles.TryGetValue((level, index / TileId.FullWidth), out var tile) && tile.Length >= start + MerkleTree.HashSize
            ? tile[start..(start + MerkleTree.HashSize)]
            : throw new LogException(
                $"the log's stored tile {level}/{index / TileId.FullWidth} is missing or cut short: restore the database from a backup");
    }

    private async Task LoadAsync(IEnumerable<(int Level, long Number)> tiles, CancellationToken cancel) =>
        _tiles = await TileStore.ReadAsync(_connection, tiles, cancel);

    /// <summary>The levels that have hashes in a tree of this size.</summary>
    private static IEnumerable<int> Levels(long size) => Enumerable.Range(0, 8).TakeWhile(level => size >> (8 * level) > 0);

    /// <summary>The tiles of a level whose hashes belong to leaves in the range.</summary>
    private static IEnumerable<(int Level, long Number)> Touched(int level, long from, long to)
    {
        for (var number = from >> (8 * (level + 1)); number <= (to - 1) >> (8 * (level + 1)); number++)
            yield return (level, number);
    }

    private static (int Level, long Number) Edge(int level, long size) => (level, size >> (8 * (level + 1)));
}
