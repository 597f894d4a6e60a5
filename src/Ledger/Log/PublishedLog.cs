using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Log.Sequencing;
using Npgsql;

namespace Ledger.Log;

/// <summary>The log as others see it: its latest published checkpoint, its tiles, its entries.</summary>
public sealed class PublishedLog(NpgsqlDataSource database, KeyFolder keys, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(200);
    private static readonly string ProblemSql = Sql.Load(typeof(PublishedLog), nameof(ProblemAsync));

    private volatile Cached? _cached;

    private sealed record Cached(StoredCheckpoint? Latest, long ReadAt);

    /// <summary>The latest published checkpoint, at most 200 ms old. Null if nothing is published under the log's present name.</summary>
    /// <exception cref="LogException">The stored checkpoint was not signed by this ledger's key.</exception>
    public async ValueTask<StoredCheckpoint?> LatestAsync(CancellationToken cancel)
    {
        if (_cached is { } cached && time.GetElapsedTime(cached.ReadAt) < MaxAge)
            return cached.Latest;
        var readAt = time.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(cancel);
        var latest = await LatestAsync(connection, cancel);
        _cached = new Cached(latest, readAt);
        return latest;
    }

    /// <summary>The latest published checkpoint as of now.</summary>
    /// <exception cref="LogException">The stored checkpoint was not signed by this ledger's key.</exception>
    public async Task<StoredCheckpoint?> LatestAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var origin = (await LogState.ReadAsync(connection, cancel)).Origin;
        return origin is null ? null : await CheckpointStore.LatestAsync(connection, KeyOf(origin), published: true, cancel);
    }

    /// <summary>A tile's hashes, or the first of them for a partial tile. Null if the published log does not have it (yet).</summary>
    public async Task<byte[]?> TileAsync(TileId tile, CancellationToken cancel)
    {
        if (!await IsPublishedAsync(tile, cancel))
            return null;
        await using var connection = await database.OpenConnectionAsync(cancel);
        var stored = await TileStore.ReadAsync(connection, [(tile.Level, tile.Number)], cancel);
        var length = tile.Width * MerkleTree.HashSize;
        return stored.Values.SingleOrDefault() is { } hashes && hashes.Length >= length
            ? hashes[..length]
            : throw new LogException(
                $"the log's stored tile {tile.Level}/{tile.Number} is missing or cut short: restore the database from a backup");
    }

    /// <summary>A bundle of entries, read from their rows. Null if the published log does not have it (yet).</summary>
    public async Task<ReadOnlyMemory<byte>?> EntriesAsync(TileId bundle, CancellationToken cancel)
    {
        if (!await IsPublishedAsync(bundle, cancel))
            return null;
        var first = bundle.Number * TileId.FullWidth;
        var entries = new System.Buffers.ArrayBufferWriter<byte>(bundle.Width * 512);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await foreach (var leaf in StoredLeaf.ReadAsync(connection, first, first + bundle.Width, cancel))
            TileId.AppendTo(entries, leaf.Entry());
        return entries.WrittenMemory;
    }

    /// <summary>The problem of the log, as it shows in the database, whichever node writes the log. Null if there is none.</summary>
    public async Task<string?> ProblemAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        try
        {
            await LatestAsync(connection, cancel);
        }
        catch (LogException e)
        {
            return e.Message;
        }
        await using var command = new NpgsqlCommand(ProblemSql, connection);
        return await command.ExecuteScalarAsync(cancel) as string;
    }

    /// <summary>True if the tile is published. Published tiles stay, so only one that seems unpublished is looked up again.</summary>
    private async Task<bool> IsPublishedAsync(TileId tile, CancellationToken cancel) =>
        (_cached?.Latest is { } known && tile.IsWithin(known.Checkpoint.Size))
        || (await LatestAsync(cancel) is { } latest && tile.IsWithin(latest.Checkpoint.Size));

    /// <summary>The key of the log's present origin.</summary>
    /// <exception cref="LogException">This node has the key of another origin.</exception>
    public NoteVerifier KeyOf(string origin) =>
        LogKeyFile.Read(keys.Folder) is var key && key.Verifier.Name == origin
            ? key.Verifier
            : throw new LogException(
                $"the log goes under the name {origin}, and this node's key is that of {key.Verifier.Name}: copy the key folder of the "
                + "node where `ledger log new-origin` ran"
            );
}
