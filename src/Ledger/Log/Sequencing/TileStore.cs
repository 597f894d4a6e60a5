using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Log.Sequencing;

/// <summary>The tree's tiles as they are stored: one row a tile.</summary>
public static class TileStore
{
    private static readonly string ReadSql = Sql.Load(typeof(TileStore), nameof(ReadAsync));
    private static readonly string WriteSql = Sql.Load(typeof(TileStore), nameof(Write));

    /// <summary>Gives the roots of complete subtrees from the stored tiles, for proofs. It takes one query for any number of
    /// nodes.</summary>
    public static NodeReader Nodes(NpgsqlDataSource database) =>
        async (nodes, cancel) =>
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            return await NodesAsync(connection, nodes, cancel);
        };

    /// <summary>Does the same as <see cref="Nodes(NpgsqlDataSource)"/>, on an open connection that nobody else uses meanwhile.</summary>
    public static NodeReader Nodes(NpgsqlConnection connection) => (nodes, cancel) => NodesAsync(connection, nodes, cancel);

    private static async ValueTask<IReadOnlyList<byte[]>> NodesAsync(
        NpgsqlConnection connection, IReadOnlyList<NodeId> nodes, CancellationToken cancel)
    {
        var tiles = await ReadAsync(
            connection, nodes.Select(node => node.InTile()).Select(place => (place.TileLevel, place.TileNumber)), cancel);
        return [.. nodes.Select(node => Root(node, tiles))];
    }

    /// <summary>Hashes of the tiles that exist, by level and number.</summary>
    internal static async Task<Dictionary<(int Level, long Number), byte[]>> ReadAsync(
        NpgsqlConnection connection, IEnumerable<(int Level, long Number)> tiles, CancellationToken cancel)
    {
        var places = tiles.Distinct().ToArray();
        var found = new Dictionary<(int, long), byte[]>();
        if (places.Length == 0)
            return found;
        await using var command = new NpgsqlCommand(ReadSql, connection)
        {
            Parameters =
            {
                new() { Value = Array.ConvertAll(places, place => (short)place.Level) },
                new() { Value = Array.ConvertAll(places, place => place.Number) },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            found.Add((reader.GetInt16(0), reader.GetInt64(1)), reader.GetFieldValue<byte[]>(2));
        return found;
    }

    /// <summary>Stores tiles that are new or have grown. The database refuses to change hashes that are there.</summary>
    internal static NpgsqlBatchCommand Write(IReadOnlyList<Tile> tiles) =>
        new(WriteSql)
        {
            Parameters =
            {
                new() { Value = tiles.Select(tile => (short)tile.Level).ToArray() },
                new() { Value = tiles.Select(tile => tile.Number).ToArray() },
                new() { Value = tiles.Select(tile => tile.Hashes).ToArray() },
            },
        };

    private static byte[] Root(NodeId node, Dictionary<(int, long), byte[]> tiles)
    {
        var (level, number, first, count) = node.InTile();
        var (start, length) = (first * MerkleTree.HashSize, count * MerkleTree.HashSize);
        if (!tiles.TryGetValue((level, number), out var tile) || tile.Length < start + length)
            throw new LogException(
                $"the log's stored tile {level}/{number} lacks hashes that a tree of its size has: its database was changed. Restore it "
                + "from a backup"
            );
        var root = new MerkleRoot();
        for (var i = 0; i < count; i++)
            root.AddLeaf(tile[(start + i * MerkleTree.HashSize)..(start + (i + 1) * MerkleTree.HashSize)]);
        return root.Root();
    }
}
