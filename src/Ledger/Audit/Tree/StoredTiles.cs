using Ledger.Database;
using Npgsql;

namespace Ledger.Audit.Tree;

/// <summary>Gives the stored hashes of a tile; null: there is no such tile. Asked for in ascending order a level.</summary>
internal delegate ValueTask<byte[]?> TileReader(int level, long number, CancellationToken cancel);

/// <summary>The tiles as the database has them, read some at a time.</summary>
internal sealed class StoredTiles(NpgsqlConnection connection)
{
    private const int Ahead = 64;

    private static readonly string ReadSql = Sql.Load(typeof(StoredTiles), nameof(ReadAsync));

    private readonly Dictionary<int, (long From, Dictionary<long, byte[]> Tiles)> _read = [];

    public async ValueTask<byte[]?> ReadAsync(int level, long number, CancellationToken cancel)
    {
        if (!_read.TryGetValue(level, out var window) || number < window.From || number >= window.From + Ahead)
            _read[level] = window = (number, await ReadAheadAsync(level, number, cancel));
        return window.Tiles.GetValueOrDefault(number);
    }

    private async Task<Dictionary<long, byte[]>> ReadAheadAsync(int level, long number, CancellationToken cancel)
    {
        var tiles = new Dictionary<long, byte[]>();
        await using var command = AuditSnapshot.Command(connection, ReadSql, (short)level, number, number + Ahead);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            tiles.Add(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1));
        return tiles;
    }
}
