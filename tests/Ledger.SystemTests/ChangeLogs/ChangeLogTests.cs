using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Projections;
using Ledger.SystemTests.Execution;
using Ledger.Transparency;
using Microsoft.Extensions.DependencyInjection;
using Ledger.SystemTests.EventStore;
using Npgsql;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>How the entries of contract §3 come about: what the log holds decides, and nothing else.</summary>
public sealed class ChangeLogTests(SharedService shared) : IClassFixture<SharedService>
{
    /// <summary>The table as text: without what a rebuild must not change, nothing is left out.</summary>
    private const string AllRows = "select string_agg(c::text, E'\\n' order by position) from ledger.change_log c";

    [SkippableFact]
    public async Task A_rebuild_of_the_table_gives_the_same_entries_with_the_same_ids()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 7, "user-1");
        await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var (rows, page) = (await service.ScalarAsync<string>(AllRows), (await service.AskAsync(Entries.ChangeLogPath(service.Bot))).Body);
        await service.ExecuteAsync(
            """
            delete from ledger.change_log;
            insert into ledger.change_log
            select c.* from (select array_agg(id) as ids, array_agg(1::bigint) as versions from ledger.mt_streams) s cross join lateral ledger.change_log_of(s.ids, s.versions) c
            """);
        Assert.Equal(rows, await service.ScalarAsync<string>(AllRows));
        Assert.Equal(page, (await service.AskAsync(Entries.ChangeLogPath(service.Bot))).Body);
    }

    [SkippableFact]
    public async Task A_batch_of_which_a_part_is_in_the_log_is_no_entry_until_all_of_it_is()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.WriteLogAsync();
        var (job, others) = (NewJob(), 0);
        // Two appends of one instant, which only another program makes: the pass ends between them.
        var outcomes = Enumerable.Range(0, 6_000).Select(n => (object)new ConversationSkipped(new byte[32], n, SkipReason.NotFound)).ToList();
        await AppendAsync(service, job, 0, [new Submitted(service.Bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 6_000, new byte[32])], Steps.At("2026-05-08T12:00:00Z"));
        await AppendAsync(service, job, 2, outcomes[..4_095], Steps.At("2026-05-08T12:00:01Z"));
        await AppendAsync(service, job, 4_097, outcomes[4_095..], Steps.At("2026-05-08T12:00:01Z"));
        var writer = service.Services.GetRequiredService<LogWriter>();
        var seen = new List<string>();
        while (await writer.RunOnceAsync(CancellationToken.None) is { Events: > 0 } pass)
        {
            Assert.Null(pass.Problem);
            others++;
            seen.Add(string.Join(' ', (await service.PageAsync()).Where(entry => entry.ResourceId == $"{job}").Select(Entries.Short)));
        }
        Assert.Equal(2, others);
        Assert.Equal(["submitted 1-1 started 2-2", "submitted 1-1 started 2-2 outcomes 3-6002"], seen);
    }

    [SkippableFact]
    public async Task What_cannot_be_an_outcome_is_counted_as_nothing_and_never_stops_the_log()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = NewJob();
        await AppendAsync(service, job, 0, [new Submitted(service.Bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 3, new byte[32])], Steps.At("2026-05-08T12:00:00Z"));
        var version = 2;
        foreach (var (type, data) in new[]
        {
            ("conversation_deleted", """{"items": {"messages": "many"}}"""),
            ("conversation_skipped", """{"reason": ["none"]}"""),
            ("failed", "\"text\""),
            ("from_the_future", "[]"),
        })
            await service.ExecuteAsync(RawAppend.Insertion(job.Value, ++version, type, data, "'2026-05-08T12:00:01Z'"));
        await service.WriteLogAsync();
        var entries = (await service.PageAsync()).Where(entry => entry.ResourceId == $"{job}").ToList();
        Assert.Equal(["submitted 1-1", "started 2-2", "outcomes 3-4", "failed 5-5", "from_the_future 6-6"], entries.Select(Entries.Short));
        Assert.Equal(["Recorded: conversation_deleted.", "Recorded: failed.", "Recorded: from_the_future."], entries.Skip(2).Select(entry => entry.Message));
    }

    [SkippableFact]
    public async Task No_two_appends_to_a_job_share_an_instant_even_if_the_clock_goes_back()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true, Execution = new() { BatchSize = 3 } });
        await service.AddConversationsAsync("a", 7, "user-1");
        await service.AddTriggerAsync("items", "clock_goes_back", "after delete", "update test_clock.shift set by = by - interval '200 milliseconds' where old.kind = 0; return old;");
        await service.ExecuteAsync("grant update on test_clock.shift to public");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(1)); // it stays due
        await service.RunSlicesAsync();
        var events = await service.EventsAsync(job);
        // Submitted and Scheduled, Started, three batches of which the last ends the job: five instants, each later than the one before.
        Assert.Equal([2, 1, 3, 3, 2], events.GroupBy(e => e.At).Select(append => append.Count()));
        Assert.Equal(events.Select(e => e.At).Order(), events.Select(e => e.At));
        await service.AssertFoldsAsync(job, await service.ChangeLogAsync(), events);
        await service.AssertRecordsAgreeAsync();
    }

    private static JobId NewJob() => JobId.FromRandomness(RandomNumberGenerator.GetBytes(32));

    private static async Task AppendAsync(TestService service, JobId job, long version, IReadOnlyList<object> events, DateTimeOffset at)
    {
        await using var connection = await service.Source.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { RawAppend.Command(job.Value, StreamIds.JobType, version, at, events) },
        };
        await batch.ExecuteNonQueryAsync();
    }
}
