using Ledger.Projections;
using Ledger.SystemTests.EventStore;
using Npgsql;

namespace Ledger.SystemTests.Log;

/// <summary>Whatever is appended, and however, is in the log once, without gaps.</summary>
public sealed class SequencingTests
{
    [SkippableFact]
    public async Task Transactions_that_commit_out_of_order_or_roll_back_are_sequenced_once_each_without_gaps()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var writer = ledger.Writer();
        await using var early = await BegunAsync(ledger, "early", 3);
        await using var undone = await BegunAsync(ledger, "undone", 2);
        await using var late = await BegunAsync(ledger, "late", 2);

        await late.Transaction.CommitAsync();
        Assert.Equal(2, (await ledger.WriteAsync(writer)).Size);
        await undone.Transaction.RollbackAsync();
        Assert.Equal(2, (await ledger.WriteAsync(writer)).Size);
        await early.Transaction.CommitAsync();
        Assert.Equal(5, (await ledger.WriteAsync(writer)).Size);

        await ledger.HoldsAsync();
        Assert.Equal(
            "late, early",
            await ledger.Events.ScalarAsync<string>(
                $"select string_agg(case stream_id when '{EventStoreDatabase.Stream("early")}' then 'early' else 'late' end, ', ' order "
                + "by first_index) from ledger.log_runs"
            )
        );
        Assert.Equal(
            2, await ledger.Events.ScalarAsync<long>("select count(*) from ledger.log_checkpoints where published_at is not null"));
    }

    [SkippableFact]
    public async Task Two_writers_that_race_for_the_fence_while_others_append_lose_and_double_nothing()
    {
        const int Appenders = 6, Appends = 20, Passes = 4;
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("signed before");
        await ledger.WriteAsync();
        // The second has a folder of its own, with what was signed until now: only the database keeps the two apart.
        var writers = new[] { ledger.Writer(), ledger.Writer(folder: ledger.CopyOfKeys()) };
        using var appended = new CancellationTokenSource();
        var writing = writers.Select(writer => Task.Run(async () =>
        {
            while (!appended.IsCancellationRequested)
                Assert.Null((await writer.RunOnceAsync(CancellationToken.None)).Problem);
        })).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Appenders).Select(appender => Task.Run(async () =>
        {
            // On until passes came between: a fast machine appends all of it in two.
            for (var i = 0; i < Appends || (i < 100 * Appends && await PassesAsync() < Passes); i++)
            {
                await using var begun = await BegunAsync(ledger, $"{appender}/{i}", 1 + i % 7);
                await (i % 5 == 0 ? begun.Transaction.RollbackAsync() : begun.Transaction.CommitAsync());
            }
        })));
        await appended.CancelAsync();
        await Task.WhenAll(writing);
        await ledger.WriteAsync(writers[0]);
        await ledger.WriteAsync(writers[1]);
        var leaves = await ledger.HoldsAsync();
        Assert.True(leaves.Count > Appenders * Appends * 2, $"{leaves.Count} events");
        Assert.True(await PassesAsync() >= Passes, "the appends were not interleaved with passes");

        Task<long> PassesAsync() => ledger.Events.ScalarAsync<long>("select count(*) from ledger.log_checkpoints");
    }

    [SkippableFact]
    public async Task What_a_superuser_inserts_is_sequenced_and_levels_of_tiles_grow()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var writer = ledger.Writer();
        await ledger.AppendAsync("first", 200);
        await ledger.WriteAsync(writer);
        // Two streams in one statement, one of them a job's, versions not in order. Then enough for a second tile of level 1.
        await ledger.Events.ExecuteAsync(
            """
            insert into ledger.mt_streams (id, type, version) select md5(s)::uuid, s, 5 from unnest(array['job', 'bot']) s;
            insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            select nextval('ledger.mt_events_sequence'), gen_random_uuid(), md5(s)::uuid, v,
                '{"z": 1, "a": ["é", "\u0001\"", true, null, -7, {}]}', 'client_revoked', now()
            from unnest(array['job', 'bot']) s, generate_series(5, 1, -1) v;
            do $$ begin
                for i in 0 .. 17 loop
                    if i = 0 then insert into ledger.mt_streams (id, type, version) values (md5('none')::uuid, 'other', 4000);
                    else update ledger.mt_streams set version = least(70000, 4000 * (i + 1)) where id = md5('none')::uuid; end if;
                    insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
                    select nextval('ledger.mt_events_sequence'), gen_random_uuid(), md5('none')::uuid, v, jsonb_build_object('n', v),
                        'client_revoked',
                        '2026-05-08 06:22:56.097123+00'
                    from generate_series(4000 * i + 1, least(70000, 4000 * (i + 1))) v;
                end loop;
            end $$
            """);
        Assert.Equal(18, await ledger.Events.ScalarAsync<long>("select count(*) from ledger.log_queue where last_version > 5"));
        Assert.True((await writer.RunOnceAsync(CancellationToken.None)).IsMore); // and so the loop goes on at once
        await ledger.WriteAsync(writer);
        Assert.False((await writer.RunOnceAsync(CancellationToken.None)).IsMore);
        Assert.Equal(70_210, (await ledger.HoldsAsync()).Count);
        Assert.Equal(3, await ledger.Events.ScalarAsync<int>("select 1 + max(level)::int from ledger.log_tiles"));
    }

    /// <summary>Past the trigger, which refuses it: by whoever may drop that.</summary>
    [SkippableTheory]
    [InlineData("""{"half": 1.5}""", "an integer")]
    [InlineData("""{"large": 9007199254740992}""", "an integer")]
    public async Task An_event_that_cannot_be_a_leaf_stops_the_log_and_is_named(string data, string why)
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("good", 2);
        await ledger.WriteAsync();
        var stream = await ledger.AppendAsync("bad");
        await ledger.Events.ExecuteAsync(
            $"""
            alter table ledger.mt_events disable trigger events_can_be_leaves;
            insert into ledger.mt_events (seq_id, id, stream_id, version, data, type)
            values (99, gen_random_uuid(), '{stream}', 2, '{data}', 'client_revoked');
            update ledger.mt_streams set version = 2 where id = '{stream}'
            """);
        var writer = ledger.Writer();
        var pass = await writer.RunOnceAsync(CancellationToken.None);
        Assert.Contains($"version 2 of stream {stream}", pass.Problem, StringComparison.Ordinal);
        Assert.Contains(why, pass.Problem, StringComparison.Ordinal);
        Assert.Equal(pass.Problem, writer.Problem);
        Assert.Equal(2, await ledger.Events.ScalarAsync<long>("select size from ledger.log_state"));
    }

    /// <summary>One inserted row must not stop the log: what the log could not take is refused, and what is not refused it takes.</summary>
    [SkippableFact]
    public async Task What_is_inserted_is_either_refused_or_logged()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var stream = await ledger.AppendAsync("odd");
        foreach (var (data, type, at, step, isRefused) in Odd)
        {
            Task InsertAsync() => ledger.Events.ExecuteAsync(
                $"""
                insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
                select nextval('ledger.mt_events_sequence'), gen_random_uuid(), '{stream}', max(version) + {step},
                    $odd${data}$odd$, {type}, '{at}'
                from ledger.mt_events;
                update ledger.mt_streams set version = version + {step} where id = '{stream}'
                """);
            if (isRefused)
                Assert.Contains((await Assert.ThrowsAsync<PostgresException>(InsertAsync)).SqlState, new[] { "LV413", "LV415" });
            else
                await InsertAsync();
            await ledger.WriteAsync();
        }
        await ledger.HoldsAsync();
    }

    private const string Known = "'client_revoked'";

    private static readonly (string Data, string Type, string At, long Step, bool IsRefused)[] Odd =
    [
        ("""{"n": 1.5}""", Known, "now", 1, true),
        ("""{"n": 1.0}""", Known, "now", 1, true), ("""{"a": [{"n": 1e300}]}""", Known, "now", 1, true),
        ("-1e-9", Known, "now", 1, true),
        ("""{"n": 9007199254740992}""", Known, "now", 1, true),
        ("[-9007199254740992]", Known, "now", 1, true), ("""{"n": 99999999999999999999}""", Known, "now", 1, true),
        ("""{"n": [9007199254740991, -9007199254740991, 1e3, -0], "s": "1.5 and 99999999999999999999"}""", Known, "now", 1, false),
        (Nested(34, "1"), Known, "now", 1, true), (Nested(32, "[]"), Known, "now", 1, true), (Nested(32, "1"), Known, "now", 1, false),
        ("{}", Known, "infinity", 1, true), ("{}", Known, "-infinity", 1, true),
        ("{}", Known, "20000-01-01", 1, true), ("{}", Known, "0044-03-15 BC", 1, true),
        ("{}", Known, "0001-01-01 00:00Z", 1, false), ("{}", Known, "9999-12-31 23:59:59.999999Z", 1, false),
        ("{}", "'moon_landed'", "now", 1, true), ("{}", "repeat(chr(1), 500)", "now", 1, true), ("{}", "''", "now", 1, true),
        ("null", Known, "now", 1, false), ("\"text\"", Known, "now", 1, false),
        ("""{"\ud83d\ude00": "\u001f \u2028 \\"}""", Known, "now", 1, false),
        ("{}", Known, "now", 9007199254740991, true), ("{}", Known, "now", 4097, true),
    ];

    private static string Nested(int depth, string inner) =>
        string.Concat(Enumerable.Repeat("""{"a":[""", depth / 2)) + inner + string.Concat(Enumerable.Repeat("]}", depth / 2));

    [SkippableFact]
    public async Task An_event_that_no_leaf_could_hold_is_refused_whoever_appends_it()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var stream = await ledger.AppendAsync("large");
        // Both are 64,000 bytes of text at most, and the second one is short where it is stored: its characters are escaped in JSON.
        foreach (var (version, fits, value) in new[] { (2, 63_991, "repeat('x', {0})"), (3, 10_665, "repeat(chr(1), {0})") })
        {
            Task InsertAsync(int length) => ledger.Events.ExecuteAsync(
                $"""
                insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
                select {version}00, gen_random_uuid(), '{stream}', {version}, jsonb_build_object('a', {value.Replace("{0}", $"{length}")}),
                    'client_revoked', now();
                update ledger.mt_streams set version = {version} where id = '{stream}'
                """);
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => InsertAsync(fits + 1));
            Assert.Equal("LV413", refusal.SqlState);
            await InsertAsync(fits);
        }
        await ledger.WriteAsync();
        await ledger.HoldsAsync();
    }

    private sealed record Begun(NpgsqlConnection Connection, NpgsqlTransaction Transaction) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Transaction.DisposeAsync();
            await Connection.DisposeAsync();
        }
    }

    /// <summary>Has appended, and not committed.</summary>
    private static async Task<Begun> BegunAsync(LogLedger ledger, string stream, int events)
    {
        var connection = await ledger.Events.Service.OpenConnectionAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(
            RawAppend.Command(
                EventStoreDatabase.Stream(stream), StreamIds.ClientType, 0, EventStoreDatabase.At,
                [.. Enumerable.Range(0, events).Select(i => EventStoreDatabase.Event($"{i}"))])
        );
        await batch.ExecuteNonQueryAsync();
        return new Begun(connection, transaction);
    }
}
