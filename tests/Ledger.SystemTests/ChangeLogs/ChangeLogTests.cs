using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Projections;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Rebuilding;
using Ledger.SystemTests.EventStore;
using Npgsql;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>How the entries of contract §3 come about: what the log holds decides, and nothing else.</summary>
public sealed class ChangeLogTests(SharedService shared) : IClassFixture<SharedService>
{
    /// <summary>The table as text: without what a rebuild must not change, nothing is left out.</summary>
    private const string AllRows = "select string_agg(c::text, E'\\n' order by position) from ledger.change_log c";

    [SkippableFact]
    public async Task Entries_that_are_all_lost_come_back_with_the_same_ids()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 7, "user-1");
        await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var (rows, page) = (await service.ScalarAsync<string>(AllRows), (await service.AskAsync(Entries.ChangeLogPath(service.Bot))).Body);
        await service.ExecuteAsync("delete from ledger.change_log");
        var rebuilt = (await service.RebuildAsync()).Projections.Single(projection => projection.Table == "ledger.change_log");
        Assert.Equal(rows.Split('\n').Length, rebuilt.Missing);
        Assert.Equal(rows, await service.ScalarAsync<string>(AllRows));
        Assert.Equal(page, (await service.AskAsync(Entries.ChangeLogPath(service.Bot))).Body);
    }

    [SkippableFact]
    public async Task Two_appends_to_a_job_of_one_instant_are_refused_whoever_makes_them()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = NewJob();
        await AppendAsync(
            service, job, 0, [new Submitted(service.Bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 2, new byte[32])],
            Steps.At("2026-05-08T12:00:00Z"));
        object[] skipped = [new ConversationSkipped(new byte[32], 0, SkipReason.NotFound)];
        foreach (var at in (string[])["2026-05-08T12:00:00Z", "2026-05-08T12:00:00.000900Z", "2026-05-08T11:59:59.999Z"])
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => AppendAsync(service, job, 2, skipped, Steps.At(at)));
            Assert.Equal("LV416", refused.SqlState);
            Assert.Contains("at least a millisecond later than the append before it", refused.MessageText, StringComparison.Ordinal);
        }
        await AppendAsync(service, job, 2, skipped, Steps.At("2026-05-08T12:00:00.001Z"));
        await service.WriteLogAsync();
        var entries = (await service.PageAsync()).Where(entry => entry.ResourceId == $"{job}");
        Assert.Equal(["submitted 1-1", "started 2-2", "outcomes 3-3"], entries.Select(Entries.Short));
    }

    [SkippableFact]
    public async Task An_entry_whose_place_somebody_took_does_not_stop_the_log()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.WriteLogAsync();
        await service.ExecuteAsync(
            """
            insert into ledger.change_log
            select $1, s.size + 1, gen_random_uuid(), gen_random_uuid(), 1, 1, 0, now(), null from ledger.log_state s
            """, service.Bot);
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.WriteLogAsync();
        Assert.Equal(["submitted 1-1"], (await service.PageAsync()).Where(entry => entry.ResourceId == job).Select(Entries.Short));
        var rebuilt = (await service.RebuildAsync()).Projections.Single(projection => projection.Table == "ledger.change_log");
        Assert.Equal((1, 0, 1), (rebuilt.Missing, rebuilt.Different, rebuilt.Surplus));
        Assert.Equal(
            ["submitted 1-1", "scheduled 2-2"], (await service.PageAsync()).Where(entry => entry.ResourceId == job).Select(Entries.Short));
    }

    [SkippableFact]
    public async Task What_cannot_be_an_outcome_is_an_entry_of_its_own_and_never_stops_the_log()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = NewJob();
        await AppendAsync(
            service, job, 0, [new Submitted(service.Bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 3, new byte[32])],
            Steps.At("2026-05-08T12:00:00Z"));
        var version = 2;
        foreach (var (type, data) in new[]
        {
            ("conversation_deleted", """{"items": {"messages": "many"}}"""),
            ("conversation_skipped", """{"reason": ["none"]}"""),
            ("conversation_deleted", """{"commitment": null, "ordinal": 0, "items": null, "attempt": 1, "confirmedAbsent": true}"""),
            ("conversation_deleted", """{"commitment": "", "ordinal": 1, "items": 7}"""),
            ("failed", "\"text\""),
            ("from_the_future", "[]"),
        })
            await service.ExecuteAsync(RawAppend.Insertion(job.Value, ++version, type, data, $"'2026-05-08T12:00:0{version}Z'"));
        await service.WriteLogAsync();
        var entries = (await service.PageAsync()).Where(entry => entry.ResourceId == $"{job}").ToList();
        string[] types =
            ["conversation_deleted", "conversation_skipped", "conversation_deleted", "conversation_deleted", "failed", "from_the_future"];
        Assert.Equal(
            ["submitted 1-1", "started 2-2", .. types.Select((type, n) => $"{type} {n + 3}-{n + 3}")], entries.Select(Entries.Short));
        Assert.Equal(types.Select(type => $"Recorded: {type}."), entries.Skip(2).Select(entry => entry.Message));
    }

    [SkippableFact]
    public async Task No_two_appends_to_a_job_share_an_instant_even_if_the_clock_goes_back()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { OwnClock = true, Execution = new() { BatchSize = 3 } });
        await service.AddConversationsAsync("a", 7, "user-1");
        await service.AddTriggerAsync(
            "items", "clock_goes_back", "after delete",
            "update test_clock.shift set by = by - interval '200 milliseconds' where old.kind = 0; return old;");
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
