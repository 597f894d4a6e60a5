using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Projections;
using Ledger.Projections.ChangeLog;
using Npgsql;

namespace Ledger.Log.ChangeLogs;

/// <summary>A part of a bot's change log that is asked for.</summary>
/// <param name="After">Only entries after this position. -1 for the beginning.</param>
/// <param name="From">Only entries recorded at or after this instant.</param>
/// <param name="Before">Only entries recorded before this instant.</param>
/// <param name="Limit">Maximum number of entries.</param>
/// <param name="Skip">Number of entries to leave out at the start.</param>
public sealed record ChangeLogPage(long After, DateTimeOffset From, DateTimeOffset Before, int Limit, long Skip);

/// <summary>
/// Reads the change logs, in ascending log order (docs/adr/0018). The log's writer adds new entries behind all older ones. So reading on
/// from a position misses none and repeats none.
/// </summary>
public sealed class ChangeLog(NpgsqlDataSource database)
{
    private static readonly string PageSql = Sql.Load(typeof(ChangeLog), nameof(PageAsync));
    private static readonly string PositionSql = Sql.Load(typeof(ChangeLog), nameof(PositionAsync));

    /// <summary>The position of an entry of the bot. Null if the bot has no entry with this id.</summary>
    public async Task<long?> PositionAsync(string bot, Guid entry, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(PositionSql);
        command.Parameters.AddWithValue(bot);
        command.Parameters.AddWithValue(entry);
        return (long?)await command.ExecuteScalarAsync(cancel);
    }

    public async Task<IReadOnlyList<ChangeLogEntry>> PageAsync(string bot, ChangeLogPage page, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(PageSql);
        command.Parameters.AddWithValue(bot);
        command.Parameters.AddWithValue(page.After);
        command.Parameters.AddWithValue(page.From.UtcDateTime);
        command.Parameters.AddWithValue(page.Before.UtcDateTime);
        command.Parameters.AddWithValue((long)page.Limit);
        command.Parameters.AddWithValue(page.Skip);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var entries = new List<ChangeLogEntry>(page.Limit);
        while (await reader.ReadAsync(cancel))
            entries.Add(ChangeLogShape.Of(Row(bot, reader)));
        return entries;
    }

    private static ChangeLogRow Row(string bot, NpgsqlDataReader reader)
    {
        var stream = reader.GetGuid(2);
        return new ChangeLogRow(
            bot, stream == StreamIds.Bot(bot) ? null : new JobId(stream), reader.GetGuid(0), reader.GetInt64(3), reader.GetInt64(4),
            new LeafRange(reader.GetInt64(5), reader.GetInt64(1) + 1), reader.GetFieldValue<DateTimeOffset>(6), Text(reader, 10),
            Text(reader, 7), reader.GetString(8), Text(reader, 9));
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
