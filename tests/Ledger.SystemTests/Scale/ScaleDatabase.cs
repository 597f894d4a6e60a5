using System.Text.Json;
using Npgsql;

namespace Ledger.SystemTests.Scale;

/// <summary>What the planner knows of the tables.</summary>
public enum Statistics
{
    /// <summary>Nothing, as of tables that were never analyzed.</summary>
    Empty,

    /// <summary>What was true when they were small.</summary>
    Stale,

    /// <summary>What is true now.</summary>
    Fresh,
}

/// <summary>One statement's run.</summary>
internal sealed record Measured(ScaleStatement Statement, long Buffers, long Rows, string Plan)
{
    public bool IsWithinBound => Buffers <= Statement.Buffers && (Statement.Rows ?? Rows) == Rows;

    public override string ToString() =>
        $"{Statement.Name}: {Buffers} buffers of at most {Statement.Buffers}, {Rows} rows{(IsWithinBound ? "" : $" {Plan}")}";
}

/// <summary>
/// A ledger of 1,000,000 checkpoints, 100,000 ended jobs and 10,000 waiting ones in each of several windows, made once for the tests of a
/// class.
/// </summary>
public sealed class ScaleDatabase : IAsyncLifetime
{
    private const int SmallJobs = 20;
    private const int EndedJobs = 100_000;
    public const int WaitingJobs = 10_000;

    private TestDatabase _database = null!;
    private NpgsqlDataSource _sessions = null!;

    /// <summary>The run of every claim whose plan was made, for good, when the tables were small.</summary>
    internal IReadOnlyList<Measured> PlannedWhenSmall { get; private set; } = [];

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _sessions = Slices.Sessions(_database.Superuser); // the product's sessions, of a role that may change what the planner knows
        await using var connection = await _sessions.OpenConnectionAsync();
        await ExecuteAsync(connection, ScaleFill.Prepare);
        await FillAsync(connection, 1, SmallJobs);
        await ExecuteAsync(connection, "analyze; " +
            "create table public.small as select oid, relpages, reltuples from pg_class where relnamespace = 'ledger'::regnamespace");
        await using var early = await _sessions.OpenConnectionAsync();
        await using (var transaction = await early.BeginTransactionAsync())
        {
            await ExecuteAsync(early, "set local plan_cache_mode = force_generic_plan");
            await MeasureAsync(early, Claims, prepared: false);
        }
        await FillAsync(connection, SmallJobs + 1, WaitingJobs);
        await using (var transaction = await early.BeginTransactionAsync())
        {
            await ExecuteAsync(early, "set local plan_cache_mode = force_generic_plan");
            PlannedWhenSmall = await MeasureAsync(early, Claims, prepared: true);
        }
    }

    public async Task DisposeAsync()
    {
        await _sessions.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>Runs every statement, planned with these statistics.</summary>
    /// <param name="planCacheMode">PostgreSQL's plan_cache_mode.</param>
    internal async Task<IReadOnlyList<Measured>> MeasureAllAsync(Statistics statistics, string planCacheMode)
    {
        await using var connection = await _sessions.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, $"set local plan_cache_mode = {planCacheMode}; {Known(statistics)}");
        return await MeasureAsync(
            connection, [.. ScaleStatements.All.Select((statement, i) => (statement, $"{statistics}_{planCacheMode}_{i}"))],
            prepared: false);
    }

    /// <summary>
    /// Runs every statement in sessions that may scan, and gives the tables that were: what grows, and how often, by the server's own
    /// count.
    /// </summary>
    internal async Task<IReadOnlyDictionary<string, long>> ScannedAsync(string planCacheMode)
    {
        await using var observer = await _sessions.OpenConnectionAsync();
        await ExecuteAsync(observer, Known(Statistics.Fresh));
        var before = await ScansAsync(observer);
        await using (var connection = await _sessions.OpenConnectionAsync())
        {
            await using (var transaction = await connection.BeginTransactionAsync())
            {
                await ExecuteAsync(connection, $"set local plan_cache_mode = {planCacheMode}; set local enable_seqscan = on");
                await MeasureAsync(
                    connection, [.. ScaleStatements.All.Select((statement, i) => (statement, $"scans_{planCacheMode}_{i}"))],
                    prepared: false);
                await transaction.RollbackAsync();
            }
            await ExecuteAsync(connection, "select pg_stat_force_next_flush(); select 1");
            await ExecuteAsync(connection, "select 1");
        }
        var after = await ScansAsync(observer);
        return after
            .Where(table => table.Value > before[table.Key])
            .ToDictionary(table => table.Key, table => table.Value - before[table.Key]);
    }

    private static async Task<Dictionary<string, long>> ScansAsync(NpgsqlConnection connection)
    {
        await ExecuteAsync(connection, "select pg_stat_clear_snapshot()");
        await using var command = new NpgsqlCommand(
            "select relname, seq_scan from pg_stat_user_tables where schemaname = 'ledger' and relname = any ($1)", connection)
        {
            Parameters = { new() { Value = ScaleFill.GrowingTables.ToArray() } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        var scans = new Dictionary<string, long>();
        while (await reader.ReadAsync())
            scans[reader.GetString(0)] = reader.GetInt64(1);
        return scans;
    }

    private static (ScaleStatement Statement, string Name)[] Claims =>
        [.. ScaleStatements.Claims.Select((statement, i) => (statement, $"early_{i}"))];

    private static async Task FillAsync(NpgsqlConnection connection, int first, int last)
    {
        await ExecuteAsync(connection, ScaleFill.Ended(first, last == WaitingJobs ? EndedJobs : last));
        foreach (var rows in ScaleStatements.Windows.Select(window => window(first, last)).Where(rows => rows.Length > 0))
            await ExecuteAsync(connection, rows);
        await ExecuteAsync(connection, ScaleFill.Checkpoints(first, last == WaitingJobs ? ScaleFill.Leaves : last));
        await ExecuteAsync(connection, ScaleFill.State);
    }

    /// <summary>
    /// What is put into the catalogs goes with the transaction, but for what analyze writes to pg_class: that is set in each case.
    /// </summary>
    private static string Known(Statistics statistics) =>
        statistics switch
        {
            Statistics.Empty => """
                delete from pg_statistic where starelid in (select oid from pg_class where relnamespace = 'ledger'::regnamespace);
                update pg_class set relpages = 0, reltuples = -1, relallvisible = 0
                where relnamespace = 'ledger'::regnamespace and relkind in ('r', 'i');
                """,
            Statistics.Stale =>
                "update pg_class c set relpages = s.relpages, reltuples = s.reltuples, relallvisible = 0 from public.small s where s.oid "
                + "= c.oid",
            _ => $"analyze {string.Join(", ", ScaleFill.GrowingTables.Select(table => $"ledger.{table}"))}",
        };

    /// <summary>Each is undone before the next. It counts as it runs from the second time on: the first reads the catalogs too.</summary>
    private async Task<IReadOnlyList<Measured>> MeasureAsync(
        NpgsqlConnection connection, IReadOnlyList<(ScaleStatement Statement, string Name)> statements, bool prepared)
    {
        var measured = new List<Measured>();
        foreach (var (statement, name) in statements)
        {
            if (!prepared)
                await ExecuteAsync(connection, statement.Prepare(name));
            await using var other = await _sessions.OpenConnectionAsync();
            await using var elsewhere = await other.BeginTransactionAsync();
            if (statement.Elsewhere is { } held)
                await ExecuteAsync(other, held);
            var given = $"update ledger.log_state set covered_until = clock_timestamp(); {statement.Given}";
            await ExecuteAsync(connection, $"savepoint one; {given}");
            await ExplainAsync(connection, statement, name);
            await ExecuteAsync(connection, $"rollback to one; {given}");
            measured.Add(await ExplainAsync(connection, statement, name));
            await ExecuteAsync(connection, "rollback to one");
        }
        return measured;
    }

    private static async Task<Measured> ExplainAsync(NpgsqlConnection connection, ScaleStatement statement, string name)
    {
        await using var command = new NpgsqlCommand(statement.Explain(name), connection);
        var text = (string)(await command.ExecuteScalarAsync())!;
        var plan = JsonDocument.Parse(text).RootElement[0].GetProperty("Plan");
        var buffers = plan.GetProperty("Shared Hit Blocks").GetInt64() + plan.GetProperty("Shared Read Blocks").GetInt64();
        return new Measured(statement, buffers, (long)plan.GetProperty("Actual Rows").GetDouble(), text);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync();
    }
}
