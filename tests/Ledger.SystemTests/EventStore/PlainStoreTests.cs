using JasperFx.Events;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;
using Ledger.SystemTests.Audit;
using Ledger.SystemTests.Guides;
using Ledger.SystemTests.Rebuilding;
using Marten;
using Marten.Events;
using MartenReader;
using Npgsql;
using static Ledger.SystemTests.EventStore.EventStoreDatabase;

namespace Ledger.SystemTests.EventStore;

/// <summary>
/// What happens to events that a Marten store appends which has not the ledger's projections, and what is refused to any store
/// (docs/marten.md).
/// </summary>
public sealed class PlainStoreTests(ReadLedger ledger) : IClassFixture<ReadLedger>
{
    private static readonly JobId s_job = JobId.FromIdempotencyKey(new byte[32], "st-1", "plain");

    [SkippableFact]
    public async Task What_it_appends_is_in_the_log_and_the_audit_names_the_document_that_is_missing()
    {
        await using var audited = await AuditedService.StartAsync();
        var (service, bot) = (audited.Service, StreamIds.Bot("st-1"));
        var now = service.Time.GetUtcNow();
        using (var store = Store(service.Connection()))
        {
            await SaveAsync(store, session => session.Events.StartStream<Job>(
                s_job.Value, new Submitted("st-1", RequestType.CId, [new byte[32]], "cs-1", To: now),
                new Scheduled(now, new PlannedWindow("test", "0 0 * * * ?", "UTC", now, now.AddHours(1)), ScheduleReason.OffPeak, 1)));
            await SaveAsync(store, session => session.Events.StartStream<Bot>(bot, Registered()));
        }
        await service.WriteLogAsync();
        foreach (var stream in new[] { s_job.Value, bot })
        {
            Assert.True(await service.ScalarAsync<bool>(
                "select ledger.is_covered(p.size, s.id, s.version) from ledger.published_log p, ledger.mt_streams s where s.id = $1",
                stream));
        }

        var output = await audited.FindsAsync(
        [
            $"A status document differs: the document in ledger.mt_doc_jobstatus of {s_job}",
            $"A job's document differs: the document in ledger.mt_doc_job of {s_job}",
            $"A registry document differs: the document in ledger.mt_doc_bot of {bot}",
            "The database does not hold: 3 kind(s) of differences",
        ]);
        Assert.Equal(3, output.Split("found     none").Length - 1);
        await service.RebuildAsync();
        await audited.HoldsAsync();
        // Nothing was sealed of the request, so there is nothing to find.
        await service.RunSlicesAsync();
        Assert.Equal("submitted scheduled failed:list_unresolved scheduled:retry", await service.ScalarAsync<string>(
            "select string_agg(concat_ws(':', type, nullif(data ->> 'reason', 'off_peak')), ' ' order by version) "
            + "from ledger.mt_events where stream_id = $1", s_job.Value));
        await audited.HoldsAsync();
    }

    [SkippableTheory]
    [InlineData("reader", 6)]
    [InlineData("service", 11)]
    public async Task What_the_guide_calls_refused_is_refused_with_its_SQLSTATE_and_changes_nothing(string who, int count)
    {
        var (service, role) = await ledger.GetAsync();
        var recorded = await service.RecordedAsync();
        using var store = Store(who == "reader" ? role.Connection : service.Connection());
        var refused = MartenGuide.Refusals.Where(refusal => refusal.Who == who).ToList();
        Assert.Equal(count, refused.Count);
        foreach (var (_, what, sqlState, words) in refused)
        {
            var said = await Record.ExceptionAsync(() => s_attempts[what](store));
            Assert.True(
                said?.GetBaseException() is PostgresException p && p.SqlState == sqlState && words.All(p.MessageText.Contains),
                $"{what}: {said?.Message ?? "was let through"}");
            Assert.True(recorded == await service.RecordedAsync(), $"{what} changed something");
        }
    }

    private static readonly Dictionary<string, Func<DocumentStore, Task>> s_attempts = new(StringComparer.Ordinal)
    {
        ["an append"] = store => SaveAsync(store, session => session.Events.StartStream<Bot>(Stream("new"), Registered())),
        ["a document stored"] = store => SaveAsync(store, session => session.Store(Status())),
        ["a document deleted"] = store => SaveAsync(store, session => session.DeleteWhere<JobStatus>(status => status.Phase == Phase.Done)),
        ["a table made"] = async store =>
        {
            await using var session = store.LightweightSession();
            session.QueueSqlCommand("create table ledger.mine (id int)");
            await session.SaveChangesAsync();
        },
        ["an event of an unknown type"] = store =>
            SaveAsync(store, session => session.Events.StartStream<Bot>(Stream("new"), new Unheard(1))),
        ["a new stream without a type"] = store => SaveAsync(store, session => session.Events.StartStream(Stream("new"), Registered())),
        ["an event of more than 64,000 bytes"] = store =>
            SaveAsync(store, session => session.Events.StartStream<ApiClient>(Stream("new"), Event(new string('x', 64_000)))),
        ["more than 4,096 events at once"] = store => SaveAsync(store, session => session.Events.StartStream<ApiClient>(
            Stream("new"), Enumerable.Range(0, 4_097).Select(n => (object)Event($"{n}")))),
        ["an append to a job of the same millisecond as the one before it"] = async store =>
        {
            await using var session = store.LightweightSession();
            var last = (await session.Events.FetchStreamAsync((await AnyAsync(store)).StreamId))[^1];
            var again = session.Events.BuildEvent(last.Data);
            again.Timestamp = last.Timestamp;
            session.Events.Append(last.StreamId, last.Version + 1, again);
            await session.SaveChangesAsync();
        },
        ["a stream archived"] = store => ChangeAsync(store, (session, any) => session.Events.ArchiveStream(any.StreamId)),
        ["a stream removed by `TombstoneStream`"] =
            store => ChangeAsync(store, (session, any) => session.Events.TombstoneStream(any.StreamId)),
        ["an event overwritten"] = store => ChangeAsync(store, (session, any) => session.Events.OverwriteEvent(any)),
        ["a stream compacted"] = async store =>
        {
            await using var session = store.LightweightSession();
            await session.Events.CompactStreamAsync<JobStatus>((await AnyAsync(store)).StreamId);
            await session.SaveChangesAsync();
        },
        ["all events deleted"] = store => store.Advanced.Clean.DeleteAllEventDataAsync(),
        ["everything dropped"] = store => store.Advanced.Clean.CompletelyRemoveAllAsync(),
    };

    /// <summary>Marten compares tables, indexes and the append function with what a store's own settings would make.</summary>
    [SkippableFact]
    public async Task Martens_assertion_holds_for_the_owner_with_the_settings_of_the_guide_and_with_no_others_and_not_for_a_reader()
    {
        var (service, role) = await ledger.GetAsync();
        var owner = service.Database.ConnectionStringFor(TestDatabase.Administrator);
        Assert.Null(await AssertionAsync(owner, IgnoreIndex));
        Assert.Contains("mt_events_disclosures", await AssertionAsync(owner, _ => { }), StringComparison.Ordinal);
        foreach (var other in s_otherSettings)
        {
            Assert.Contains("mt_quick_append_events", await AssertionAsync(owner, options =>
            {
                IgnoreIndex(options);
                other(options);
            }), StringComparison.Ordinal);
        }
        Assert.Contains("constraint", await AssertionAsync(role.Connection, IgnoreIndex), StringComparison.Ordinal);
    }

    private static void IgnoreIndex(StoreOptions options) => options.Events.IgnoreIndex("mt_events_disclosures");

    private static readonly Action<StoreOptions>[] s_otherSettings =
    [
        options => options.Events.AppendMode = EventAppendMode.Rich,
        options => options.Events.AppendMode = EventAppendMode.Quick,
        options => options.Events.UseExclusiveLockOnConcurrentAppends = false,
        options => options.Events.AutoDiscoverTagTypes = true,
    ];

    /// <summary>What it would change; null: nothing.</summary>
    private static async Task<string?> AssertionAsync(string connection, Action<StoreOptions> more)
    {
        using var store = DocumentStore.For(options =>
        {
            LedgerStore.Configure(options, ReaderRole.Plain(connection));
            more(options);
        });
        return (await Record.ExceptionAsync(() => store.Storage.Database.AssertDatabaseMatchesConfigurationAsync()))?.Message;
    }

    private static DocumentStore Store(string connection) =>
        DocumentStore.For(options => LedgerStore.Configure(options, ReaderRole.Plain(connection)));

    private static BotRegistered Registered() => new("st-1", At, "test") { Actor = "plain" };

    private static JobStatus Status() =>
        JobStatusFold.Apply(null, s_job, new Submitted("st-1", RequestType.CId, [new byte[32]], "cs-1"), At);

    /// <summary>The first event of some job.</summary>
    private static async Task<IEvent> AnyAsync(DocumentStore store)
    {
        await using var session = store.QuerySession();
        return await session.Events.QueryAllRawEvents().Where(e => e.EventTypesAre(typeof(Submitted))).FirstAsync();
    }

    private static async Task ChangeAsync(DocumentStore store, Action<IDocumentSession, IEvent> change)
    {
        var any = await AnyAsync(store);
        await SaveAsync(store, session => change(session, any));
    }

    private static async Task SaveAsync(DocumentStore store, Action<IDocumentSession> change)
    {
        await using var session = store.LightweightSession();
        change(session);
        await session.SaveChangesAsync();
    }

    /// <summary>An event that no migration has put on the list.</summary>
    public sealed record Unheard(int Year);
}
