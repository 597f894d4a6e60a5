using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Execution;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Rebuilding;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Ledger.SystemTests.EventStore.EventStoreDatabase;

namespace Ledger.SystemTests.EventStore;

/// <summary>Marten as the ledger uses it: what it writes, who wins a race, and what a failure leaves.</summary>
public sealed class MartenStoreTests
{
    [SkippableFact]
    public async Task Every_golden_event_is_stored_in_its_golden_shape()
    {
        await using var database = await CreateAsync();
        var lines = await File.ReadAllLinesAsync(Path.Combine(Foreign.Repository.Root, "tests", "Ledger.Tests", "Golden", "events.jsonl"));
        Assert.True(lines.Length > 40);
        foreach (var (n, line) in lines.Index())
        {
            // submitted | Ledger.Contracts.Jobs.Submitted, Ledger.Contracts | {…}
            var (type, clrName, data) = line.Split(" | ", 3) is [var a, var b, var c]
                ? (a, b, c)
                : throw new InvalidOperationException(line);
            var @event = EventType.Read(type, data);
            var stream = Stream($"{n}");
            await using (var connection = await database.Service.OpenConnectionAsync())
            await using (var transaction = await StreamTransaction.BeginAsync(TestStore.One, connection, CancellationToken.None))
            {
                Start(transaction, stream, @event);
                await transaction.WriteAsync(CancellationToken.None);
                await transaction.CommitAsync(CancellationToken.None);
            }
            var stored = await database.ScalarAsync<string[]>(
                $"select array[type, mt_dotnet_type, data::text] from ledger.mt_events where stream_id = '{stream}' "
                + "order by version desc limit 1");
            Assert.Equal((type, clrName), (stored[0], stored[1]));
            Assert.Equal(Canonical(data), Canonical(stored[2]));
        }
    }

    /// <summary>Behind what must come before it, so that its documents can be folded.</summary>
    private static void Start(StreamTransaction transaction, Guid stream, object @event)
    {
        switch (@event)
        {
            case Submitted:
                transaction.Start<Job>(stream, [@event], At);
                break;
            case DeadlineExtended:
                transaction.Start<Job>(
                    stream, [new Submitted("st-1", RequestType.CId, [new byte[32]], "cs-1"), new CaseRecorded(CaseBasis.Other), @event],
                    At);
                break;
            case JobEvent:
                transaction.Start<Job>(stream, [new Submitted("st-1", RequestType.CId, [new byte[32]], "cs-1"), @event], At);
                break;
            case BotRegistered:
                transaction.Start<Bot>(stream, [@event], At);
                break;
            case ClientRegistered:
                transaction.Start<ApiClient>(stream, [@event], At);
                break;
            case ClientSecretIssued or ClientSecretRetired or ClientRevoked or LedgerAuditGranted or LedgerAuditRevoked:
                transaction.Start<ApiClient>(
                    stream, [new ClientRegistered("cs-1", TokenAlgorithm.HS256, false) { Actor = "ada" }, @event], At);
                break;
            case WindowDefined:
                transaction.Start<DeletionWindow>(stream, [@event], At);
                break;
            case LegalHoldPlaced:
                transaction.Start<LegalHold>(stream, [@event], At);
                break;
            case LegalHoldDisclosed or LegalHoldEnded:
                var placed = new LegalHoldPlaced(HoldId.FromRandomness(new byte[32]).ToString(), "st-1", RequestType.CId, [new byte[32]])
                {
                    Actor = "ada",
                };
                transaction.Start<LegalHold>(stream, [placed, @event], At);
                break;
            case EpochKeyDestroyed or OriginOpened or DeletionsPaused { Bot: null } or DeletionsResumed { Bot: null }:
                transaction.Start<LedgerStream>(stream, [@event], At);
                break;
            default:
                transaction.Start<Bot>(stream, [new BotRegistered("st-1", At, "night") { Actor = "ada" }, @event], At);
                break;
        }
    }

    private static string Canonical(string json) => Encoding.UTF8.GetString(Jcs.Canonicalize(Encoding.UTF8.GetBytes(json)));

    [SkippableFact]
    public async Task Of_writers_that_race_for_one_job_exactly_one_wins_each_round_and_every_loser_is_told()
    {
        const int Writers = 3, Rounds = 1_000;
        await using var service = await TestService.StartAsync();
        Assert.True(JobId.TryParse(await service.SubmitAsync(new { cId = "nobody" }), out var job));
        var plan = (Scheduled)(await service.EventsAsync(job.ToString()))[1].Event;
        var connections = await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => service.Source.OpenConnectionAsync().AsTask()));
        for (var round = 0; round < Rounds; round++)
        {
            var version = 2L + round;
            var won = await Task.WhenAll(
                connections.Select((connection, writer) => Task.Run(() => AppendAsync(connection, job, version, plan, writer))));
            Assert.Single(won, isWinner => isWinner);
        }
        foreach (var connection in connections)
            await connection.DisposeAsync();
        Assert.Equal(2 + Rounds, (await service.EventsAsync(job.ToString())).Count);
        await service.AssertRecordsAgreeAsync();
    }

    private static async Task<bool> AppendAsync(NpgsqlConnection connection, JobId job, long version, Scheduled plan, int writer)
    {
        await using var transaction = await StreamTransaction.BeginAsync(TestStore.One, connection, CancellationToken.None);
        try
        {
            transaction.Append<Job>(job.Value, version, [plan with { PlannedAt = plan.PlannedAt.AddSeconds(version) }],
                plan.PlannedAt.AddMilliseconds((version * 10) + writer));
            await transaction.WriteAsync(CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
            return true;
        }
        catch (LostRaceException)
        {
            return false;
        }
    }

    /// <summary>Marten writes tombstones behind what failed. None of them comes into the ledger, whose audit would find them.</summary>
    [SkippableFact]
    public async Task After_1_000_lost_races_and_failed_saves_nothing_of_them_is_there()
    {
        await using var service = await TestService.StartAsync();
        Assert.True(JobId.TryParse(await service.SubmitAsync(new { cId = "nobody" }), out var job));
        await service.RunSlicesAsync();
        var recorded = await service.RecordedAsync();
        await service.ExecuteAsync(
            "create function public.refused() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$");
        await service.ExecuteAsync(
            "create trigger refused before insert or update on ledger.mt_doc_bot for each row execute function public.refused()");
        await using (var store = MartenSetup.Store(service.Source, TimeProvider.System))
        {
            for (var n = 0; n < 500; n++)
            {
                // Marten's own session and transaction, as anybody's who uses it.
                await using (var session = store.LightweightSession())
                {
                    session.Events.Append(job.Value, 2L, new WindowDefined("w", "c", "z", 1, 1) { Actor = "test" });
                    await Assert.ThrowsAnyAsync<Exception>(() => session.SaveChangesAsync());
                }
                await using (var session = store.LightweightSession())
                {
                    session.Events.StartStream<Bot>(Stream($"{n}"), new BotRegistered($"b-{n}", At, "night") { Actor = "test" });
                    await Assert.ThrowsAnyAsync<Exception>(() => session.SaveChangesAsync());
                }
            }
        } // It ends with its tombstones written.
        await service.ExecuteAsync("drop trigger refused on ledger.mt_doc_bot");
        Assert.Equal(recorded, await service.RecordedAsync());
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.mt_events where type = 'tombstone'"));
        await service.AssertAuditHoldsAsync();
    }

    [SkippableFact]
    public async Task A_thousand_appends_at_one_frozen_instant_have_a_thousand_instants_that_only_go_forward()
    {
        const int Appends = 1_000;
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        var job = await service.SubmitAsync(new { cId = "nobody" });
        Assert.True(JobId.TryParse(job, out var id));
        await using var connection = await service.Source.OpenConnectionAsync();
        var now = service.Time.GetUtcNow();
        for (var n = 0; n < Appends; n++)
        {
            await using var transaction = await StreamTransaction.BeginAsync(TestStore.One, connection, CancellationToken.None);
            var claimed = await (await new ClaimedJob(id, 2 + n, null, null, now).AgainAsync(connection, CancellationToken.None))!
                .ReadAsync(transaction, CancellationToken.None);
            var again = new Scheduled(claimed.Job.PlannedAt.AddSeconds(1), claimed.Job.Window!, ScheduleReason.WindowClosed, 1);
            await service
                .Services.GetRequiredService<JobWriter>()
                .WriteAsync(transaction, claimed, [again], now, resolving: null, [], closing: null, CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
        }
        var instants = (await service.EventsAsync(job)).Skip(1).Select(e => e.At).ToList();
        Assert.Equal(Appends + 1, instants.Count);
        Assert.All(instants.Zip(instants.Skip(1)), pair => Assert.True(pair.First < pair.Second));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task Two_jobs_have_two_documents_each_under_their_job_ids()
    {
        await using var service = await TestService.StartAsync();
        string[] jobs = [await service.SubmitAsync(new { cId = "nobody" }), await service.SubmitAsync(new { cId = "somebody" })];
        foreach (var table in new[] { "mt_doc_jobstatus", "mt_doc_job" })
        {
            Assert.Equal(
                jobs.Order(StringComparer.Ordinal),
                (await service.ScalarAsync<string[]>(
                    $"select array_agg('cdj-' || id) from ledger.{table} where data ->> 'jobId' = 'cdj-' || id"))
                    .Order(StringComparer.Ordinal));
        }
    }

    /// <summary>Each member of the served document is one that the contract names, and it is served as it is stored.</summary>
    [SkippableFact]
    public async Task The_served_status_has_the_stored_members()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { cId = "nobody" });
        Assert.True(JobId.TryParse(job, out var id));
        using var answer = await service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{job}");
        var served = await answer.Content.ReadAsStringAsync();
        var stored = await service.ScalarAsync<string>("select data::text from ledger.mt_doc_jobstatus where id = $1", id.Value);
        Assert.Equal(Canonical(stored), Canonical(served));
    }

    /// <summary>As the service: each of Marten's own ways to change the record is refused.</summary>
    [SkippableTheory]
    [MemberData(nameof(Changes))]
    public async Task The_record_cannot_be_changed_through_Marten(string change)
    {
        await using var service = await TestService.StartAsync();
        Assert.True(JobId.TryParse(await service.SubmitAsync(new { cId = "nobody" }), out var job));
        var facts = await service.RecordedAsync();
        await using var store = DocumentStore.For(options =>
        {
            MartenSetup.Configure(options, service.Source, TimeProvider.System);
            options.Events.AddMaskingRuleForProtectedInformation<Submitted>(submitted => submitted with { Client = "masked" });
        });
        var refusal = await Record.ExceptionAsync(() => s_changes[change](store, job.Value));
        Assert.True(refusal is not null, $"{change} was let through");
        Assert.Contains(
            AppendFailure.Of(refusal) is PostgresException p ? p.SqlState : refusal.GetType().Name,
            new[] { PostgresErrorCodes.InsufficientPrivilege, "LV001", "LV414" });
        Assert.Equal(facts, await service.RecordedAsync());
        Assert.Equal("queued", (await service.StatusAsync(job.ToString())).GetProperty("status").GetString());
    }

    public static TheoryData<string> Changes => [.. s_changes.Keys];

    private static readonly Dictionary<string, Func<DocumentStore, Guid, Task>> s_changes = new()
    {
        ["archive"] = (store, stream) => SaveAsync(store, session => session.Events.ArchiveStream(stream)),
        ["overwrite"] = async (store, stream) =>
        {
            await using var session = store.LightweightSession();
            var first = (await session.Events.FetchStreamAsync(stream))[0];
            session.Events.OverwriteEvent(first);
            await session.SaveChangesAsync();
        },
        ["tombstone"] = (store, stream) => SaveAsync(store, session => session.Events.TombstoneStream(stream)),
        ["compact"] = async (store, stream) =>
        {
            await using var session = store.LightweightSession();
            await session.Events.CompactStreamAsync<Job>(stream);
            await session.SaveChangesAsync();
        },
        ["mask"] = (store, stream) => store.Advanced.ApplyEventDataMasking(masking => masking.IncludeStream(stream)),
        ["delete all events"] = (store, _) => store.Advanced.Clean.DeleteAllEventDataAsync(),
        ["delete one stream"] = (store, stream) => store.Advanced.Clean.DeleteSingleEventStreamAsync(stream),
        ["drop everything"] = (store, _) => store.Advanced.Clean.CompletelyRemoveAllAsync(),
        ["delete documents"] = (store, _) => store.Advanced.Clean.DeleteDocumentsByTypeAsync(typeof(Job)),
    };

    private static async Task SaveAsync(DocumentStore store, Action<IDocumentSession> change)
    {
        await using var session = store.LightweightSession();
        change(session);
        await session.SaveChangesAsync();
    }

    /// <summary>The connection is cut in the middle of each act. What was answered is there, and what was not is there whole or not at
    /// all.</summary>
    [SkippableTheory]
    [InlineData("before", "create trigger cut before insert or update on ledger.mt_streams for each row execute function public.cut()")]
    [InlineData("after", "create trigger cut after insert or update on ledger.mt_doc_{0} for each row execute function public.cut()")]
    [InlineData(
        "commit",
        "create constraint trigger cut after insert or update on ledger.mt_doc_{0} deferrable initially deferred "
        + "for each row execute function public.cut()")]
    public async Task Where_the_connection_is_cut_in_an_act_its_stream_and_documents_agree(string point, string trigger)
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        await service.AddConversationsAsync("a", 3, "user-1");
        await service.ExecuteAsync(
            """
            create sequence public.cuts; -- counts what is rolled back too
            create function public.cut() returns trigger language plpgsql security definer as $$
                begin perform nextval('public.cuts'); perform pg_terminate_backend(pg_backend_pid()); return new; end $$
            """);
        await CutAsync("job", async () => await service.SubmitAsync(new { conversationIds = new[] { "a-00002" } }));
        var byId = await service.SubmitAsync(new { conversationIds = new[] { "a-00001" } });
        foreach (var last in new[] { "started", "completed" })
        {
            await CutAsync("job", SliceAsync);
            await SliceAsync();
            await service.WriteLogAsync();
            Assert.Equal(last, await EventAsync(byId, "type", "true"));
        }

        var replanned = await service.SubmitAsync(new { cId = "user-1" });
        await service.Clock.AdvanceAsync(TimeSpan.FromHours(3)); // its window has closed, and is open again
        await CutAsync("job", SliceAsync);
        await SliceAsync();
        var failed = await service.SubmitAsync(new { cId = "user-2" });
        await service.ExecuteAsync("revoke select on conversations.channel_users from ledger_service");
        await CutAsync("job", SliceAsync);
        await SliceAsync();
        await service.ExecuteAsync("grant select on conversations.channel_users to ledger_service");
        Assert.Equal("window_closed", await EventAsync(replanned, "data ->> 'reason'", "type = 'scheduled'"));
        Assert.Equal("retry", await EventAsync(failed, "data ->> 'reason'", "type = 'scheduled'"));

        await CutAsync("bot", async () => await service.AddBotAsync());
        await CutAsync("bot", async () => Assert.Null((await service.Services.GetRequiredService<Ledger.Forgetting.JobForgetting>()
            .ForgetAsync(Forgetting.ForgettingSteps.Id(byId), "test", null, CancellationToken.None)).Rejection));
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(2));
        await service.RunSlicesAsync();
        foreach (var job in new[] { replanned, failed })
            Assert.Equal("completed", await StatusAsync(job));
        await service.AssertRecordsAgreeAsync();
        await service.AssertAuditHoldsAsync();

        async Task CutAsync(string document, Func<Task> act)
        {
            var recorded = await service.RecordedAsync();
            var cuts = await CutsAsync();
            await service.ExecuteAsync(trigger.Replace("{0}", document, StringComparison.Ordinal));
            var failure = await Record.ExceptionAsync(act);
            await service.ExecuteAsync($"drop trigger cut on ledger.{(point == "before" ? "mt_streams" : $"mt_doc_{document}")}");
            service.ClearPools();
            Assert.True(await CutsAsync() > cuts, "nothing was cut");
            Assert.True(failure is not null || recorded == await service.RecordedAsync(), "it was answered, and not recorded whole");
        }

        Task<long> CutsAsync() => service.ScalarAsync<long>("select last_value + is_called::int from public.cuts");
        Task<string> EventAsync(string job, string what, string which) => service.ScalarAsync<string>(
            $"select {what} from ledger.mt_events where stream_id = '{Forgetting.ForgettingSteps.Id(job).Value}' and {which} "
            + "order by version desc limit 1");
        Task SliceAsync() => service.Services.RunSliceAsync("test");
        async Task<string?> StatusAsync(string job) => (await service.StatusAsync(job)).GetProperty("status").GetString();
    }
}
