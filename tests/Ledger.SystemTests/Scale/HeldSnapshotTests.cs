using System.Data;
using System.Text.Json;
using Ledger.Database;
using Ledger.Execution.Turns;
using Ledger.Log;
using Ledger.Log.Sequencing;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Log;
using Npgsql;

namespace Ledger.SystemTests.Scale;

/// <summary>
/// While somebody keeps a snapshot open (a dump, an audit), what ended and what was logged stays in the tables. Claims and the log's writer
/// begin behind it.
/// </summary>
public sealed class HeldSnapshotTests
{
    private const int Jobs = 50_000;
    private const string Front = "'-infinity', '-infinity', '00000000-0000-0000-0000-000000000000'";

    [SkippableFact]
    public async Task A_claim_and_a_sweep_read_no_more_for_50_000_jobs_that_ended_under_a_snapshot()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var lanes = Slices.Sessions(database.Superuser);
        await using var connection = await lanes.OpenConnectionAsync();
        await ExecuteAsync(connection, ScaleFill.Prepare);
        await ExecuteAsync(connection, ScaleFill.Waiting("night", Jobs + 1, Jobs + 100));
        await ExecuteAsync(connection, ScaleFill.State);
        var place = await PlaceAsync(connection);
        var alone = await ClaimBuffersAsync(connection, place);
        var lookAlone = await LookBuffersAsync(connection, place);

        await using var snapshot = new NpgsqlConnection(database.Superuser);
        await snapshot.OpenAsync();
        await using var held = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await ExecuteAsync(snapshot, "select count(*) from ledger.mt_doc_job");
        await ExecuteAsync(connection, ScaleFill.Waiting("night", 1, Jobs, due: "clock_timestamp() - interval '2 hours'"));
        await ExecuteAsync(
            connection, $"update ledger.mt_doc_job set status = 'completed' where planned_at < clock_timestamp() - interval '90 minutes'");

        var behind = await ClaimBuffersAsync(connection, place);
        Assert.True(behind <= 3 * alone, $"{behind} buffers instead of {alone}");
        var lookBehind = await LookBuffersAsync(connection, place);
        Assert.True(lookBehind <= 3 * lookAlone, $"{lookBehind} buffers of a sweep instead of {lookAlone}");
        // The twin: from the front they are all read.
        Assert.True(await LookBuffersAsync(connection, place: null) > 10 * lookAlone);
        var front = await ClaimBuffersAsync(connection, place: null);
        Assert.True(front > 10 * alone, $"{front} buffers from the front");
    }

    private static async Task<ClaimPlace> PlaceAsync(NpgsqlConnection connection)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(
            $"select job, planned_at, submitted_at from ledger.lock_due_job('night', '{ScaleFill.Bot}', {Front}, {Front})", connection);
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return new ClaimPlace(reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetGuid(0));
    }

    private static async Task<long> ClaimBuffersAsync(NpgsqlConnection connection, ClaimPlace? place)
    {
        var from = place is null ? Front : $"'{place.PlannedAt:O}', '{place.SubmittedAt:O}', '{place.Job}'";
        var sql = $"select job from ledger.lock_due_job('night', '{ScaleFill.Bot}', {from}, {from})";
        await BuffersAsync(connection, sql); // reads the catalogs too
        return await BuffersAsync(connection, sql);
    }

    private static async Task<long> LookBuffersAsync(NpgsqlConnection connection, ClaimPlace? place)
    {
        var from = place is null ? Front : $"'{place.PlannedAt:O}', '{place.SubmittedAt:O}', '{place.Job}'";
        var sql = $"select due from ledger.window_state('night', {from})";
        await BuffersAsync(connection, sql); // reads the catalogs too
        return await BuffersAsync(connection, sql);
    }

    [SkippableFact]
    public async Task A_pass_of_the_logs_writer_reads_no_more_for_50_000_rows_that_were_logged_under_a_snapshot()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await using var connection = await ledger.Events.Superuser.OpenConnectionAsync();
        await using var snapshot = await ledger.Events.Superuser.OpenConnectionAsync();
        await using var held = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await ExecuteAsync(snapshot, "select count(*) from ledger.log_queue");
        var writer = ledger.Writer();
        await ledger.AppendAsync("first", 2);
        var waiting = Sql.Load(typeof(Sequencer), "ReadWaiting").Replace("$1", "4096", StringComparison.Ordinal);
        Task<long> ReadAsync(long floor) => BuffersAsync(connection, waiting.Replace("$2", $"{floor}", StringComparison.Ordinal));
        await ReadAsync(0);
        var alone = await ReadAsync(0);
        await ledger.WriteAsync(writer);

        await ExecuteAsync(
            connection,
            "insert into ledger.log_queue (stream_id, first_version, last_version) "
            + $"select gen_random_uuid(), 1, 1 from generate_series(1, {Jobs})");
        await ExecuteAsync(connection, "delete from ledger.log_queue");
        await ledger.AppendAsync("second", 2);
        await RisesAsync(ledger, writer, Jobs);
        await ledger.AppendAsync("third", 2);
        var behind = await ReadAsync(writer.QueueBegins);
        Assert.True(behind <= 3 * alone, $"{behind} buffers instead of {alone}");
        // The twin: from the front they are all read.
        Assert.True(await ReadAsync(0) > 10 * alone);
        await ledger.WriteAsync(writer);
        Assert.Equal(6, (await ledger.HoldsAsync()).Count);
    }

    /// <summary>A position that was given out, and whose row is not committed yet, is not left behind.</summary>
    [SkippableFact]
    public async Task What_is_committed_late_is_logged_though_later_positions_were_logged_before()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var writer = ledger.Writer();
        await using var late = await ledger.Events.Service.OpenConnectionAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await using (var append = new NpgsqlBatch(late, transaction)
        {
            BatchCommands =
            {
                SystemTests.EventStore.RawAppend.Command(
                    SystemTests.EventStore.EventStoreDatabase.Stream("late"), "api_client", 0, SystemTests.EventStore.EventStoreDatabase.At,
                    [SystemTests.EventStore.EventStoreDatabase.Event("late")]),
            },
        })
            await append.ExecuteNonQueryAsync();
        // First nothing but passes end after it, then others too.
        for (var n = 0; n < 5; n++)
            await ledger.WriteAsync(writer);
        for (var n = 0; n < 5; n++)
        {
            await ledger.AppendAsync($"{n}");
            await ledger.WriteAsync(writer);
        }
        await transaction.CommitAsync();
        await ledger.WriteAsync(writer);
        Assert.Equal(6, (await ledger.HoldsAsync()).Count);
    }

    /// <summary>A server that took another's place may give positions out again.</summary>
    [SkippableFact]
    public async Task What_gets_a_position_that_was_given_out_before_is_logged()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var writer = ledger.Writer();
        for (var n = 0; n < 4; n++)
            await ledger.AppendAsync($"{n}");
        await RisesAsync(ledger, writer, 3);
        await ledger.Events.ExecuteAsync("alter sequence ledger.log_queue_position_seq restart with 1");
        await ledger.AppendAsync("again");
        await ledger.WriteAsync(writer);
        Assert.Equal(5, (await ledger.HoldsAsync()).Count);
    }

    /// <summary>
    /// One pass sees how far positions were given out, a later one that all of them have come: once what was running then has ended, on the
    /// whole server.
    /// </summary>
    private static Task RisesAsync(LogLedger ledger, LogWriter writer, long above) => Steps.UntilAsync(
        "the queue begins in front",
        async () =>
        {
            await ledger.WriteAsync(writer);
            return writer.QueueBegins > above;
        });

    private static async Task<long> BuffersAsync(NpgsqlConnection connection, string sql)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand($"explain (analyze, buffers, format json) {sql}", connection);
        var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!).RootElement[0].GetProperty("Plan");
        return plan.GetProperty("Shared Hit Blocks").GetInt64() + plan.GetProperty("Shared Read Blocks").GetInt64();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }
}
