using System.Runtime.CompilerServices;
using Ledger.Database;
using Ledger.Projections.ChangeLog;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.EventStore;

/// <summary>The rows of the change log (docs/adr/0018), as <see cref="ChangeLogFold"/> makes them.</summary>
internal static class ChangeLogTable
{
    /// <summary>The table.</summary>
    public const string Name = "ledger.change_log";

    private static readonly string AddSql = Sql.Load(typeof(ChangeLogTable), nameof(Add));
    private static readonly string ReadSql = Sql.Load(typeof(ChangeLogTable), nameof(ReadAsync));

    /// <summary>
    /// Adds entries. One whose place is taken is left out: a row that somebody inserted past the ledger must not stop the log. The audit
    /// names it, and a rebuild puts it right.
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

    /// <summary>What is stored, in the order of streams and versions.</summary>
    /// <param name="connection">Whose snapshot is read.</param>
    /// <param name="since">Only of streams with a leaf from this one on, or with events in the queue; null: all.</param>
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

    /// <summary>A row with the columns bot, stream, first and last version, first leaf, position, instant, outcomes and id.</summary>
    public static LoggedEntry Row(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetGuid(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5),
        reader.GetFieldValue<DateTimeOffset>(6), reader.IsDBNull(7) ? null : reader.GetString(7))
    {
        Id = reader.GetGuid(8),
    };

    private static NpgsqlParameter Of<T>(T[] values) => new() { Value = values };
}
