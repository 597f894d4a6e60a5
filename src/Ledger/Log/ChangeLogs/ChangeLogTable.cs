using System.Runtime.CompilerServices;
using Ledger.Database;
using Ledger.Projections.ChangeLog;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Log.ChangeLogs;

/// <summary>The rows of the change log (docs/adr/0018), as <see cref="ChangeLogFold"/> makes them.</summary>
internal static class ChangeLogTable
{
    /// <summary>The table.</summary>
    public const string Name = "ledger.change_log";

    private static readonly string AddSql = Sql.Load(typeof(ChangeLogTable), nameof(Add));
    private static readonly string ReadSql = Sql.Load(typeof(ChangeLogTable), nameof(ReadAsync));
    private static readonly string OfSql = Sql.Load(typeof(ChangeLogTable), nameof(OfAsync));
    private static readonly string RemoveSql = Sql.Load(typeof(ChangeLogTable), nameof(RemoveAsync));
    private static readonly string BeyondLeavesSql = Sql.Load(typeof(ChangeLogTable), nameof(BeyondLeavesAsync));

    /// <summary>
    /// Adds entries. An entry whose place is taken is left out, because a row that somebody else inserted must not stop the log. The audit
    /// names that row, and a rebuild corrects it.
    /// </summary>
    public static NpgsqlBatchCommand Add(IReadOnlyList<LoggedEntry> entries) => new(AddSql)
    {
        Parameters =
        {
            Of(entries.Select(entry => entry.Bot).ToArray()),
            Of(entries.Select(entry => entry.Position).ToArray()),
            Of(entries.Select(entry => entry.Id).ToArray()),
            Of(entries.Select(entry => entry.Stream).ToArray()),
            Of(entries.Select(entry => entry.FirstVersion).ToArray()),
            Of(entries.Select(entry => entry.LastVersion).ToArray()),
            Of(entries.Select(entry => entry.FirstLeaf).ToArray()),
            Of(entries.Select(entry => entry.CreatedAt.UtcDateTime).ToArray()),
            new()
            {
                Value = entries.Select(entry => entry.Outcomes).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
            },
        },
    };

    /// <summary>The stored entries, in the order of streams and versions.</summary>
    /// <param name="connection">The connection whose snapshot is read.</param>
    /// <param name="since">Only entries of streams with a leaf from this one on, or with events in the queue. Null for all.</param>
    /// <param name="cancel">Stops it.</param>
    public static async IAsyncEnumerable<LoggedEntry> ReadAsync(
        NpgsqlConnection connection, long? since, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ReadSql, connection) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = (object?)since ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            yield return Row(reader);
    }

    /// <summary>The stored entries of some versions of streams.</summary>
    /// <param name="connection">The connection whose snapshot is read.</param>
    /// <param name="runs">The streams, each from one version to another.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<List<LoggedEntry>> OfAsync(
        NpgsqlConnection connection, IReadOnlyList<(Guid Stream, long First, long Last)> runs, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(OfSql, connection)
        {
            CommandTimeout = 0,
            Parameters =
            {
                Of(runs.Select(run => run.Stream).ToArray()), Of(runs.Select(run => run.First).ToArray()),
                Of(runs.Select(run => run.Last).ToArray()),
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var entries = new List<LoggedEntry>();
        while (await reader.ReadAsync(cancel))
            entries.Add(Row(reader));
        return entries;
    }

    /// <summary>Removes entries, and any entry that has the place of another.</summary>
    /// <returns>The keys of the removed entries.</returns>
    public static async Task<List<(Guid Stream, long FirstVersion)>> RemoveAsync(
        NpgsqlConnection connection, IReadOnlyList<(Guid Stream, long FirstVersion)> keys, IReadOnlyList<LoggedEntry> places,
        CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(RemoveSql, connection)
        {
            CommandTimeout = 0,
            Parameters =
            {
                Of(keys.Select(key => key.Stream).ToArray()), Of(keys.Select(key => key.FirstVersion).ToArray()),
                Of(places.Select(entry => entry.Bot).ToArray()), Of(places.Select(entry => entry.Position).ToArray()),
            },
        };
        return await KeysAsync(command, cancel);
    }

    /// <summary>The keys of entries that begin at no leaf.</summary>
    public static async Task<List<(Guid Stream, long FirstVersion)>> BeyondLeavesAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BeyondLeavesSql, connection) { CommandTimeout = 0 };
        return await KeysAsync(command, cancel);
    }

    private static async Task<List<(Guid Stream, long FirstVersion)>> KeysAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var keys = new List<(Guid, long)>();
        while (await reader.ReadAsync(cancel))
            keys.Add((reader.GetGuid(0), reader.GetInt64(1)));
        return keys;
    }

    /// <summary>A row with the columns bot, stream, first and last version, first leaf, position, instant, outcomes and id.</summary>
    public static LoggedEntry Row(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetGuid(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5),
        reader.GetFieldValue<DateTimeOffset>(6), reader.IsDBNull(7) ? null : reader.GetString(7))
    {
        Id = reader.GetGuid(8),
    };

    private static NpgsqlParameter Of<T>(T[] values) => new() { Value = values };
}
