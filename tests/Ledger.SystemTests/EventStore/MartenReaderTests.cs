using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Execution;
using Marten;
using Marten.Events.Projections;
using MartenReader;
using Npgsql;

namespace Ledger.SystemTests.EventStore;

/// <summary>A Marten store of somebody else's, as docs/marten.md describes it, and the sample that is one.</summary>
public sealed class MartenReaderTests(ReadLedger ledger) : IClassFixture<ReadLedger>
{
    /// <summary>Where it was built: beside the tests it lacks what they have of their framework.</summary>
    private static readonly string s_sample = Path.Combine(
        Foreign.Repository.Root, "samples", "MartenReader", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0",
        "marten-reader.dll");

    [SkippableFact]
    public async Task The_sample_reads_a_ledger_and_follows_its_events_across_the_gaps_of_failed_appends()
    {
        var (service, role) = await ledger.GetAsync();
        await service.LeaveGapAsync();
        await service.AddConversationsAsync("b", 2, "user-2");
        var job = await service.SubmitAsync(new { conversationIds = new[] { "b-00001", "nobody" } });
        await service.RunSlicesAsync();
        await service.LeaveGapAsync();
        await service.SubmitAsync(new { cId = "nobody" });
        await service.LeaveGapAsync(); // at the end

        var (code, output, error) = await RunAsync(role.Connection, job, "--once");
        Assert.True(code == 0, output + error);
        var last = await service.ScalarAsync<long>("select max(seq_id) from ledger.mt_events");
        var count = await service.ScalarAsync<long>("select count(*) from ledger.mt_events");
        var streams = await service.ScalarAsync<long>("select count(*) from ledger.mt_streams");
        var given = await service.ScalarAsync<long>("select last_value from ledger.mt_events_sequence");
        Assert.StartsWith(
            $"{count} events in {streams} streams; the last number that was given out is {given}\n", output, StringComparison.Ordinal);
        Assert.Contains(
            string.Concat((await service.EventsAsync(job)).Select(
                e => $"  {e.Version,4}  {Instant.Text(e.At)}  {EventType.Of(e.Event).Name}\n")),
            output, StringComparison.Ordinal);
        Assert.Contains(
            """
            folded:  Completed, Done: 1 deleted, 1 skipped, 0 failed of 2
            stored:  Completed, Done: 1 deleted, 1 skipped, 0 failed of 2
            they are the same
            """, output, StringComparison.Ordinal);
        Assert.Equal((last, count, last - count), Followed(output));
        Assert.Equal(last, await ProgressAsync(service, "marten_reader:All"));
        Assert.All(
            error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("Warning: ", line, StringComparison.Ordinal));

        // It goes on where it was, and ends when it is told to.
        using var follower = LedgerProcess.StartOther(s_sample, Environment(role.Connection), job);
        await follower.LineAsync($"following from {last}, until Ctrl-C");
        await service.LeaveGapAsync();
        await service.SubmitAsync(new { cId = "somebody" });
        var end = await service.ScalarAsync<long>("select max(seq_id) from ledger.mt_events");
        await follower.LineAsync($"up to {end}: ");
        follower.Terminate();
        Assert.True(await follower.ExitCodeAsync() == 0, follower.Error);
        var events = await service.ScalarAsync<long>("select count(*) from ledger.mt_events where seq_id > $1", last);
        Assert.Equal((end, events, end - last - events), Followed(follower.Output));
    }

    /// <summary>Up to which number, over how many events, and how many numbers without one.</summary>
    private static (long Last, long Events, long Unused) Followed(string output)
    {
        var pages = Regex.Matches(
            output, @"^up to (?<last>\d+): (?<events>\d+) events \(.*\), (?<unused>\d+) numbers without an event$", RegexOptions.Multiline,
            TimeSpan.FromSeconds(1))
            .Select(page => page.Groups.Values.Skip(1).Select(group => long.Parse(group.Value, CultureInfo.InvariantCulture)).ToArray())
            .ToList();
        return (pages[^1][0], pages.Sum(page => page[1]), pages.Sum(page => page[2]));
    }

    [SkippableTheory]
    [InlineData(2, "marten-reader [JOB]", null)]
    [InlineData(2, "marten-reader [JOB]", "reader", "--bogus")]
    [InlineData(2, "marten-reader [JOB]", "reader", "cdj-1")]
    [InlineData(1, "this is no connection string", "nonsense")]
    [InlineData(1, "lets this role not in", "nobody")]
    [InlineData(1, "may not read: `grant ledger_reader to", "ledger_service")]
    [InlineData(1, "may more than read", "superuser")]
    [InlineData(1, "there is no ledger in this database", "elsewhere")]
    [InlineData(1, "does not exist", "nowhere")]
    [InlineData(1, "there is no job cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c", "reader", "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c")]
    public async Task The_sample_says_what_is_wrong_in_a_line_or_two(int expected, string words, string? connection, params string[] args)
    {
        var (service, role) = await ledger.GetAsync();
        var (code, output, error) = await RunAsync(
            connection switch
            {
                "reader" => role.Connection,
                "superuser" => service.Database.Superuser,
                "ledger_service" => service.Database.ConnectionStringFor("ledger_service"),
                "nobody" => new NpgsqlConnectionStringBuilder(role.Connection) { Username = "nobody" }.ConnectionString,
                "elsewhere" => ReaderRole.Plain(role.Connection, "postgres"),
                "nowhere" => ReaderRole.Plain(role.Connection, "nowhere"),
                _ => connection,
            },
            ["--once", .. args]);
        Assert.Equal(expected, code);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
        Assert.InRange(error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 2);
    }

    [Fact]
    public async Task The_samples_help_names_its_arguments_and_how_a_role_is_made()
    {
        var (code, output, _) = await RunAsync(null, "--help");
        Assert.Equal(0, code);
        foreach (var word in new[] { "JOB", "--once", "--connection", "in role ledger_reader", "Exit codes", "docs/marten.md" })
            Assert.Contains(word, output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Every_stream_reads_as_its_rows_are()
    {
        var (service, role) = await ledger.GetAsync();
        using var store = Store(role);
        await using var session = store.QuerySession();
        var streams = await service.ScalarAsync<Guid[]>("select array_agg(id) from ledger.mt_streams");
        Assert.True(streams.Length > 5);
        foreach (var stream in streams)
        {
            var rows = await service.ScalarAsync<string[]>(
                "select array_agg(concat_ws(' ', seq_id, id, version, type, extract(epoch from timestamp), data) order by version) "
                + "from ledger.mt_events where stream_id = $1",
                stream);
            var events = await session.Events.FetchStreamAsync(stream);
            Assert.Equal(rows.Select(Canonical), events.Select(e => Canonical(Row(e))));
        }
    }

    private static string Row(IEvent e)
    {
        var at = e.Timestamp.ToUnixTimeMilliseconds() / 1000m;
        return $"{e.Sequence} {e.Id} {e.Version} {e.EventTypeName} {at:F6} {EventType.Of(e.Data).Write(e.Data)}";
    }

    [SkippableFact]
    public async Task What_is_folded_live_is_the_stored_document()
    {
        var (service, role) = await ledger.GetAsync();
        using var store = Store(role);
        var jobs = await service.ScalarAsync<string[]>("select array_agg('cdj-' || id) from ledger.mt_doc_jobstatus");
        Assert.True(jobs.Length > 1);
        foreach (var job in jobs)
        {
            Assert.True(JobId.TryParse(job, out var id));
            await using var session = store.QuerySession();
            var folded = await session.Events.AggregateStreamAsync<JobStatus>(id.Value);
            var stored = await session.LoadAsync<JobStatus>(id);
            Assert.Equal(Canonical(folded!, DocumentJson.Default.JobStatus), Canonical(stored!, DocumentJson.Default.JobStatus));
            var text = await service.ScalarAsync<string>("select data::text from ledger.mt_doc_jobstatus where id = $1", id.Value);
            Assert.Equal(Canonical(text), Canonical(stored!, DocumentJson.Default.JobStatus));
        }
    }

    [SkippableFact]
    public async Task Every_document_is_loaded_as_it_is_stored()
    {
        var (service, role) = await ledger.GetAsync();
        using var store = DocumentStore.For(options =>
        {
            LedgerStore.Configure(options, role.Connection);
            options.Schema.For<Job>().Identity(job => job.JobId).UseNumericRevisions(true);
            options.Schema.For<Bot>().UseNumericRevisions(true);
            options.Schema.For<ApiClient>().UseNumericRevisions(true);
            options.Schema.For<DeletionWindow>().UseNumericRevisions(true);
        });
        await AssertLoadedAsync(service, store, DocumentJson.Default.JobStatus);
        await AssertLoadedAsync(service, store, DocumentJson.Default.Job);
        await AssertLoadedAsync(service, store, DocumentJson.Default.Bot);
        await AssertLoadedAsync(service, store, DocumentJson.Default.ApiClient);
        await AssertLoadedAsync(service, store, DocumentJson.Default.DeletionWindow);
    }

    private static async Task AssertLoadedAsync<T>(TestService service, DocumentStore store, JsonTypeInfo<T> json)
        where T : notnull
    {
        await using var session = store.QuerySession();
        var loaded = await session.Query<T>().ToListAsync();
        Assert.NotEmpty(loaded);
        Assert.Equal(
            (await service.ScalarAsync<string[]>($"select array_agg(data::text) from ledger.mt_doc_{typeof(T).Name.ToLowerInvariant()}"))
                .Select(Canonical).Order(StringComparer.Ordinal),
            loaded.Select(document => Canonical(document, json)).Order(StringComparer.Ordinal));
    }

    /// <summary>Its documents and its progress are one transaction, and of the ledger it changes nothing else.</summary>
    [SkippableFact]
    public async Task An_async_projection_counts_every_event_once_in_a_schema_of_its_own_across_gaps()
    {
        var (service, role) = await ledger.GetAsync();
        for (var n = 0; n < 3; n++)
        {
            await service.LeaveGapAsync();
            await service.SubmitAsync(new { cId = "nobody" });
        }
        var recorded = await service.RecordedAsync();
        var connection = role.Connection;
        using (var own = DocumentStore.For(options =>
        {
            options.Connection(connection);
            options.DatabaseSchemaName = "bi";
            options.Schema.For<Tally>();
        }))
        {
            await own.Storage.ApplyAllConfiguredChangesToDatabaseAsync(AutoCreate.CreateOrUpdate);
        }

        using var store = DocumentStore.For(options =>
        {
            LedgerStore.Configure(options, connection);
            options.Schema.For<Tally>().DatabaseSchemaName("bi");
            options.Projections.Add(new Tallies(), ProjectionLifecycle.Async, "bi_tallies");
        });
        await FollowAsync(store);
        await using var session = store.QuerySession();
        Assert.Equal(
            await service.ScalarAsync<string[]>(
                "select array_agg(type || ' ' || count order by type collate \"C\") "
                + "from (select type, count(*) from ledger.mt_events group by type) t"),
            (await session.Query<Tally>().ToListAsync()).Select(tally => $"{tally.Id} {tally.Count}").Order(StringComparer.Ordinal));
        Assert.Equal(recorded, await service.RecordedAsync());
    }

    /// <summary>Of each type of event, how many there are.</summary>
    public sealed record Tally(string Id, long Count);

    private sealed class Tallies : IProjection
    {
        public async Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
        {
            foreach (var (type, count) in events.CountBy(e => e.EventTypeName))
            {
                var before = await operations.LoadAsync<Tally>(type, cancellation);
                operations.Store(new Tally(type, (before?.Count ?? 0) + count));
            }
        }
    }

    /// <summary>A number is skipped only when no transaction is left that could use it.</summary>
    [SkippableFact]
    public async Task An_append_that_commits_late_is_not_lost_to_a_follower_that_waits_at_its_numbers()
    {
        var (service, role) = await ledger.GetAsync();
        await using var late = await service.Source.OpenConnectionAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await Gaps.AppendTwoAsync(late, EventStoreDatabase.Stream("late"));
        await service.SubmitAsync(new { cId = "nobody" });

        var log = new TestLog();
        var seen = new Numbers();
        using var store = DocumentStore.For(options =>
        {
            LedgerStore.Configure(options, role.Connection);
            options.Projections.Add(seen, ProjectionLifecycle.Async, "late_follower");
            options.Projections.StaleSequenceThreshold = TimeSpan.FromMilliseconds(1);
        });
        using var daemon = await store.BuildProjectionDaemonAsync(logger: log);
        await daemon.StartAllAsync();
        await Steps.UntilAsync(
            "the daemon does not wait",
            () => Task.FromResult(log.All.Any(line => line.Contains("before the sequence gap above", StringComparison.Ordinal))));
        await transaction.CommitAsync();
        await daemon.WaitForNonStaleData(Patience.Limit);
        await daemon.StopAllAsync();
        Assert.Equal(await service.ScalarAsync<long[]>("select array_agg(seq_id order by seq_id) from ledger.mt_events"), seen.All);
    }

    private sealed class Numbers : IProjection
    {
        public List<long> All { get; } = [];

        public Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
        {
            All.AddRange(events.Select(e => e.Sequence));
            return Task.CompletedTask;
        }
    }

    /// <summary>As after an upgrade of the ledger that the reader has not followed.</summary>
    [SkippableFact]
    public async Task The_sample_stops_at_an_event_of_a_type_that_it_does_not_know()
    {
        await using var read = new ReadLedger();
        var (service, role) = await read.GetAsync();
        await service.ExecuteAsync("insert into ledger.event_types (name) values ('moon_landed')");
        await service.ExecuteAsync(
            """
            select ledger.mt_quick_append_events(
                $1, 'bot', '*DEFAULT*', array[gen_random_uuid()], array['moon_landed'], array['Newer.MoonLanded, Newer'], array[jsonb '{}'],
                array[null::bytea], array[now()])
            """,
            StreamIds.Bot(service.Bot));
        var (code, output, error) = await RunAsync(role.Connection, "--once");
        Assert.Equal(1, code);
        Assert.Contains("this program is older than the ledger", error, StringComparison.Ordinal);
        Assert.Contains("Newer.MoonLanded", error, StringComparison.Ordinal);
        Assert.DoesNotContain("up to ", output, StringComparison.Ordinal);

        // By Marten's defaults it would have been left out.
        var seen = new Numbers();
        using var store = DocumentStore.For(options =>
        {
            LedgerStore.Configure(options, role.Connection);
            options.Projections.Add(seen, ProjectionLifecycle.Async, "by_default");
        });
        await FollowAsync(store);
        Assert.Equal(
            await service.ScalarAsync<long[]>("select array_agg(seq_id order by seq_id) from ledger.mt_events where type <> 'moon_landed'"),
            seen.All);
    }

    /// <summary>To the present end.</summary>
    private static async Task FollowAsync(DocumentStore store)
    {
        using var daemon = await store.BuildProjectionDaemonAsync();
        await daemon.StartAllAsync();
        await daemon.WaitForNonStaleData(Patience.Limit);
        await daemon.StopAllAsync();
    }

    private static DocumentStore Store(ReaderRole role) => DocumentStore.For(options => LedgerStore.Configure(options, role.Connection));

    private static Task<long> ProgressAsync(TestService service, string shard) =>
        service.ScalarAsync<long>("select last_seq_id from ledger.mt_event_progression where name = $1", shard);

    private static string Canonical<T>(T document, JsonTypeInfo<T> json) => Canonical(JsonSerializer.Serialize(document, json));

    /// <summary>With the JSON at its end in canonical form.</summary>
    private static string Canonical(string text)
    {
        var json = text.IndexOf('{', StringComparison.Ordinal);
        return text[..json] + Encoding.UTF8.GetString(Jcs.Canonicalize(Encoding.UTF8.GetBytes(text[json..])));
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string? connection, params string[] args)
    {
        using var sample = LedgerProcess.StartOther(s_sample, Environment(connection), args);
        var code = await sample.ExitCodeAsync();
        return (code, sample.Output, sample.Error);
    }

    private static Dictionary<string, string> Environment(string? connection) =>
        new() { ["LEDGER_READER_CONNECTION"] = connection ?? "" };
}
