using Ledger.Contracts;
using Ledger.Contracts.Registry;
using Ledger.Projections;
using Npgsql;
using static Ledger.SystemTests.EventStore.EventStoreDatabase;

namespace Ledger.SystemTests.EventStore;

/// <summary>Appending is compare-and-set on the stream's version: one winner, every loser told, no lost event.</summary>
public sealed class AppendTests
{
    private const int Writers = 20;
    private const int Rounds = 10;

    [SkippableFact]
    public async Task Of_racing_writers_exactly_one_wins_each_round_every_loser_is_told_and_no_event_is_lost()
    {
        await using var database = await CreateAsync();
        var stream = Stream("raced");
        var won = new List<string>();
        await using var connections = await Connected.OpenAsync(database, Writers);
        for (var round = 0; round < Rounds; round++) // the first on a stream that does not exist yet
        {
            using var start = new Barrier(Writers);
            var expected = 2 * round;
            var results = await Task.WhenAll(connections.All.Select((connection, writer) => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return Race(connection, stream, expected, $"{round}/{writer}");
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            won.Add(Assert.Single(results, result => result is not null)!);
        }

        var events = await database.ReadAsync(stream);
        Assert.Equal(Enumerable.Range(1, 2 * Rounds).Select(version => (long)version), events.Select(e => e.Version));
        Assert.Equal(won.SelectMany(name => new[] { name, name + " too" }), events.Select(e => ((ClientRevoked)e.Event).Client));
        Assert.Equal(2L * Rounds, await database.ScalarAsync<long>("select version from ledger.mt_streams"));
        Assert.Equal(2L * Rounds, await database.ScalarAsync<long>("select count(*) from ledger.mt_events"));
    }

    /// <summary>The name of what was appended; null for a loser that was told so.</summary>
    private static string? Race(NpgsqlConnection connection, Guid stream, long expected, string name)
    {
        try
        {
            using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands = { RawAppend.Command(stream, StreamIds.ClientType, expected, At, [Event(name), Event(name + " too")]) },
            };
            batch.ExecuteNonQuery();
            return name;
        }
        catch (PostgresException e) when (RawAppend.IsLostRace(e))
        {
            return null;
        }
    }

    [SkippableTheory]
    [InlineData(0)] // as if it did not exist
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(long.MaxValue - 1)]
    [InlineData(-1)]
    public async Task An_append_that_expects_another_version_appends_nothing_and_is_told(long expected)
    {
        await using var database = await CreateAsync();
        await database.AppendAsync(Stream("a"), 0, Event("1"), Event("2"));
        var lost = await Assert.ThrowsAsync<PostgresException>(() => database.AppendAsync(Stream("a"), expected, Event("3")));
        Assert.True(RawAppend.IsLostRace(lost), lost.SqlState);
        Assert.Equal(2, (await database.ReadAsync(Stream("a"))).Count);
        Assert.Equal(2, await database.ScalarAsync<long>("select version from ledger.mt_streams"));
    }

    [SkippableFact]
    public async Task An_append_to_a_stream_that_should_exist_and_does_not_is_told()
    {
        await using var database = await CreateAsync();
        var lost = await Assert.ThrowsAsync<PostgresException>(() => database.AppendAsync(Stream("a"), 1, Event("2")));
        Assert.True(RawAppend.IsLostRace(lost));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ledger.mt_streams"));
    }

    [SkippableFact]
    public async Task Another_unique_violation_is_not_mistaken_for_a_lost_race()
    {
        await using var database = await CreateAsync();
        await database.ExecuteAsync("insert into ledger.mt_event_progression (name) values ('x')");
        var other = await Assert.ThrowsAsync<PostgresException>(() =>
            database.ExecuteAsync("insert into ledger.mt_event_progression (name) values ('x')")
        );
        Assert.Equal(PostgresErrorCodes.UniqueViolation, other.SqlState);
        Assert.False(RawAppend.IsLostRace(other));
    }

    [SkippableFact]
    public async Task A_later_command_of_the_batch_that_fails_takes_the_append_back()
    {
        await using var database = await CreateAsync();
        await using var batch = database.Service.CreateBatch();
        batch.BatchCommands.Add(RawAppend.Command(Stream("a"), StreamIds.ClientType, 0, At, [Event("1")]));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select 1 / 0"));
        await Assert.ThrowsAsync<PostgresException>(() => batch.ExecuteNonQueryAsync());
        Assert.Empty(await database.ReadAsync(Stream("a")));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ledger.mt_streams"));
    }

    [SkippableFact]
    public async Task An_event_of_60000_bytes_is_appended_and_a_longer_one_refused()
    {
        await using var database = await CreateAsync();
        var overhead = EventType.Of(Event("")).Write(Event("")).Length;
        var longest = Event(new string('x', Limits.EventBytes - overhead));
        await database.AppendAsync(Stream("a"), 0, longest);
        Assert.Equal(longest, Assert.Single(await database.ReadAsync(Stream("a"))).Event);
        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => database.AppendAsync(Stream("b"), 0, Event(new string('x', 64_000))));
        Assert.Equal("LV413", refused.SqlState);
        // Bytes, not characters: 2 bytes each in UTF-8.
        refused = await Assert.ThrowsAsync<PostgresException>(() => database.AppendAsync(Stream("b"), 0, Event(new string('ä', 32_000))));
        Assert.Equal("LV413", refused.SqlState);
    }

    [SkippableFact]
    public async Task Instants_are_recorded_as_given_in_whole_milliseconds()
    {
        await using var database = await CreateAsync();
        await using var batch = database.Service.CreateBatch();
        batch.BatchCommands.Add(
            RawAppend.Command(Stream("a"), StreamIds.ClientType, 0, At.AddTicks(9_999).ToOffset(TimeSpan.FromHours(2)), [Event("1")]));
        await batch.ExecuteNonQueryAsync();
        var read = Assert.Single(await database.ReadAsync(Stream("a")));
        Assert.Equal(At, read.At);
        Assert.Equal(
            "2026-05-08 06:22:56.097+00",
            await database.ScalarAsync<string>("select (timestamp at time zone 'UTC')::text || '+00' from ledger.mt_events"));
    }

    [SkippableFact]
    public async Task A_stream_reads_in_order_from_where_it_is_asked_to_and_holds_nothing_of_others()
    {
        await using var database = await CreateAsync();
        for (var i = 0; i < 5; i++)
        {
            await database.AppendAsync(Stream("a"), 2 * i, Event($"a{2 * i + 1}"), Event($"a{2 * i + 2}"));
            await database.AppendAsync(Stream("b"), i, Event("b"));
        }
        Assert.Equal(
            Enumerable.Range(1, 10).Select(n => $"a{n}"),
            (await database.ReadAsync(Stream("a"))).Select(e => ((ClientRevoked)e.Event).Client));
        Assert.Equal([8, 9, 10], (await database.ReadAsync(Stream("a"), after: 7)).Select(e => e.Version));
        Assert.Empty(await database.ReadAsync(Stream("nobody's")));
    }

    [SkippableFact]
    public async Task An_event_is_stored_as_Marten_would_under_its_snake_case_name()
    {
        await using var database = await CreateAsync();
        await database.AppendAsync(Stream("a"), 0, Event("1"));
        Assert.Equal(
            """client_revoked Ledger.Contracts.Registry.ClientRevoked, Ledger.Contracts *DEFAULT* false {"actor": "test", "client": "1"}""",
            await database.ScalarAsync<string>(
                "select concat_ws(' ', type, mt_dotnet_type, tenant_id, is_archived::text, data::text) from ledger.mt_events")
        );
        Assert.Equal(
            "api_client 1 *DEFAULT* false",
            await database.ScalarAsync<string>("select concat_ws(' ', type, version, tenant_id, is_archived::text) from ledger.mt_streams")
        );
    }

    private sealed class Connected(List<NpgsqlConnection> all) : IAsyncDisposable
    {
        public IReadOnlyList<NpgsqlConnection> All => all;

        public static async Task<Connected> OpenAsync(EventStoreDatabase database, int count)
        {
            var all = new List<NpgsqlConnection>();
            for (var i = 0; i < count; i++)
                all.Add(await database.Service.OpenConnectionAsync());
            return new Connected(all);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var connection in all)
                await connection.DisposeAsync();
        }
    }
}
