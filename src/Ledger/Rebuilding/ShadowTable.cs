using System.Text.Json;
using Ledger.Database;
using Ledger.EventStore;
using Npgsql;

namespace Ledger.Rebuilding;

/// <summary>
/// A projection's rows as they must be, in a temporary table beside the live one, and beside both the keys that are to be looked at once the live one is locked: a
/// row that is not among these suspects is what it must be. Where its rows come from is a subclass's: another kind of projection is another one.
/// </summary>
internal abstract class ShadowTable(NpgsqlConnection session, ProjectionTable table)
{
    private const int StreamsNamed = 5;

    private static readonly string CreateSql = Sql.Load(typeof(ShadowTable), nameof(CreateAsync));
    private static readonly string UpsertSql = Sql.Load(typeof(ShadowTable), nameof(UpsertAsync));
    private static readonly string ReadSql = Sql.Load(typeof(ShadowTable), nameof(ReadAsync));
    private static readonly string CompareSql = Sql.Load(typeof(ShadowTable), nameof(CompareAsync));
    private static readonly string RemoveSurplusSql = Sql.Load(typeof(ShadowTable), "RemoveSurplus");
    private static readonly string ReplaceDifferentSql = Sql.Load(typeof(ShadowTable), "ReplaceDifferent");
    private static readonly string AddMissingSql = Sql.Load(typeof(ShadowTable), "AddMissing");
    private static readonly string CountSql = Sql.Load(typeof(ShadowTable), nameof(CountAsync));

    public ProjectionTable Table => table;

    public Task CreateAsync(CancellationToken cancel) => ExecuteAsync(CreateSql, cancel);

    /// <summary>Gives streams that are folded up to a version back what was stored of them.</summary>
    public abstract Task RestoreAsync(IReadOnlyDictionary<Guid, StreamFold> streams, CancellationToken cancel);

    /// <summary>Stores the rows of streams.</summary>
    /// <param name="isSuspect">Whether they are to be compared once the live table is locked.</param>
    public abstract Task StoreAsync(IReadOnlyList<StreamFold> streams, bool isSuspect, CancellationToken cancel);

    /// <summary>Adds rows, or replaces those with their keys.</summary>
    /// <param name="rows">JSON, with the columns as members.</param>
    protected Task UpsertAsync(NpgsqlParameter rows, bool isSuspect, CancellationToken cancel) => ExecuteAsync(UpsertSql, cancel, rows, new() { Value = isSuspect });

    /// <summary>The rows of these streams, as JSON.</summary>
    protected async Task<IReadOnlyList<(Guid Stream, JsonElement Columns)>> ReadAsync(Guid[] streams, CancellationToken cancel)
    {
        await using var command = Command(ReadSql, new NpgsqlParameter { Value = streams });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<(Guid, JsonElement)>();
        while (await reader.ReadAsync(cancel))
            rows.Add((reader.GetGuid(0), JsonElement.Parse(reader.GetString(1))));
        return rows;
    }

    /// <summary>Finds the suspects: the keys whose rows differ, or are only in one of the two.</summary>
    public Task CompareAsync(CancellationToken cancel) => ExecuteAsync(CompareSql, cancel);

    /// <summary>Makes every suspect's live row what the shadow says. The live table must be locked against writers.</summary>
    public async Task<RebuiltProjection> PutRightAsync(CancellationToken cancel)
    {
        await RefreshAsync(cancel);
        var surplus = await ChangeAsync(RemoveSurplusSql, cancel);
        var different = await ChangeAsync(ReplaceDifferentSql, cancel);
        var missing = await ChangeAsync(AddMissingSql, cancel);
        return new RebuiltProjection(
            table.Name, missing.Rows, different.Rows, surplus.Rows, [.. missing.First.Concat(different.First).Concat(surplus.First).Distinct().Take(StreamsNamed)]);
    }

    /// <summary>How many rows there must be.</summary>
    public async Task<long> CountAsync(CancellationToken cancel)
    {
        await using var command = Command(CountSql);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>Brings the suspects' rows up to date once nobody writes any more, where they change without their streams moving on.</summary>
    protected virtual Task RefreshAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <returns>How many rows were changed, and the streams of the first few.</returns>
    private async Task<(long Rows, Guid[] First)> ChangeAsync(string sql, CancellationToken cancel)
    {
        await using var command = Command(sql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return (reader.GetInt64(0), reader.GetFieldValue<Guid[]>(1));
    }

    protected async Task ExecuteAsync(string sql, CancellationToken cancel, params NpgsqlParameter[] parameters)
    {
        await using var command = Command(sql, parameters);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private NpgsqlCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(For(table, sql), session);
        command.Parameters.AddRange(parameters);
        return command;
    }

    /// <summary>The statement for one table: <c>l</c> is the live row, <c>s</c> the shadow's, <c>u</c> the suspect's key.</summary>
    private static string For(ProjectionTable table, string sql)
    {
        var bare = table.Name.Split('.')[^1];
        string[] set = [.. table.Columns.Except(table.Key)];
        var parts = new Dictionary<string, string>
        {
            ["live"] = table.Name,
            ["leftAlone"] = StreamShadows.LeftAloneTable,
            ["shadow"] = $"pg_temp.shadow_{bare}",
            ["suspects"] = $"pg_temp.suspects_{bare}",
            ["key"] = ProjectionTable.List(table.Key),
            ["stream"] = table.Key[0],
            ["columns"] = ProjectionTable.List(table.Columns),
            ["s.columns"] = ProjectionTable.List(table.Columns, "s"),
            ["set"] = ProjectionTable.List(set),
            ["s.set"] = ProjectionTable.List(set, "s"),
            ["excluded.set"] = ProjectionTable.List(set, "excluded"),
            ["either.key"] = string.Join(", ", table.Key.Select(column => $"coalesce(l.{column}, s.{column})")),
            ["stamp"] = table.Stamp is null ? "" : $", {table.Stamp} = transaction_timestamp()",
            ["l=s"] = table.SameKey("l", "s"),
            ["l=u"] = table.SameKey("l", "u"),
            ["s=u"] = table.SameKey("s", "u"),
            ["differ"] = table.Differ("l", "s"),
        };
        return parts.Aggregate(sql, (text, part) => text.Replace($"{{{part.Key}}}", part.Value, StringComparison.Ordinal));
    }
}
