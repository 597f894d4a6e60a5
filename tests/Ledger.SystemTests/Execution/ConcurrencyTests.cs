using Ledger.Engine;
using Ledger.Execution.Turns;
using Npgsql;
using static Ledger.SystemTests.Execution.Steps;

namespace Ledger.SystemTests.Execution;

/// <summary>Lanes beside lanes, jobs beside jobs, and a store that others change meanwhile.</summary>
public sealed class ConcurrencyTests
{
    [SkippableFact]
    public async Task Two_jobs_that_share_conversations_delete_each_once_and_the_other_says_already_erased()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 7 } });
        await service.AddConversationsAsync("a", 100, "user-1");
        var ids = Enumerable.Range(1, 100).Select(n => $"a-{n:D5}").ToArray();
        var jobs = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            jobs.Add(await service.SubmitAsync(new { cId = "user-1" }));
            jobs.Add(await service.SubmitAsync(new { conversationIds = ids.Reverse() }));
        }

        await RunLanesAsync(service, 4);

        var results = await Task.WhenAll(jobs.Select(async job => (await service.StatusAsync(job)).GetProperty("result")));
        Assert.Equal(100, results.Sum(result => result.GetProperty("deletedCount").GetInt64()));
        Assert.All(results, result => Assert.Equal(
            result.GetProperty("skippedCount").GetInt64(),
            result.GetProperty("skipped").TryGetProperty("already_erased", out var erased) ? erased.GetInt64() : 0));
        Assert.Equal(0, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task Four_lanes_end_each_of_many_small_jobs_once_with_exact_counts()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 180, "user-1");
        var jobs = new List<string>();
        for (var i = 0; i < 60; i++)
            jobs.Add(await service.SubmitAsync(new { conversationIds = Enumerable.Range(1 + 3 * i, 3).Select(n => $"a-{n:D5}") }));

        await RunLanesAsync(service, 4);

        foreach (var job in jobs)
            Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal(0, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task What_vanishes_after_the_start_is_skipped_and_what_arrives_then_stays()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 1 } });
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });

        Task slice;
        await using (await service.LockConversationAsync("a-00001"))
        {
            slice = service.RunSlicesAsync();
            await service.UntilALaneWaitsAsync(); // the list is resolved, the first batch is running
            await service.ExecuteAsync(
                "delete from conversations.items where conversation_key = (select conversation_key from conversations.conversations "
                + "where conversation_id = 'a-00003')"
            );
            await service.ExecuteAsync("delete from conversations.conversations where conversation_id = 'a-00003'");
            await service.AddConversationsAsync("late", 2, "user-1");
            // Stored anew under the same id: another conversation, which is on nobody's list.
            await service.ExecuteAsync(
                "insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at) values ($1, 'a-00003', "
                + "'user-9', 'rtm', '2026-01-01')",
                service.Bot);
        }
        await slice;

        Assert.Equal("completed done 2 deleted 0 failed 1 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal("skipped not_found", (await service.OutcomesByIdAsync(job))["a-00003"]);
        Assert.Equal(3, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_list_of_several_rows_does_not_take_up_what_arrives_while_it_is_resolved()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 2048, "user-1");
        // Whenever a manifest row is written, one more conversation of the user arrives.
        await service.ExecuteAsync(
            """
            create function conversations.arrive() returns trigger language plpgsql security definer as $$
            begin
                insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at) select bot_id,
                    'late-' || new.row_number, cid, channel, started_at
                from conversations.conversations where conversation_id = 'a-00001';
                return new;
            end $$;
            create trigger arrive after insert on ledger.job_manifest for each row execute function conversations.arrive();
            """);
        var job = await service.SubmitAsync(new { cId = "user-1" });

        await service.RunSlicesAsync();
        Assert.Equal("completed done 2048 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal(2, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_claim_that_races_with_a_commit_never_reads_the_new_version_with_the_old_status()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        await service.AddConversationsAsync("a", 3, "user-1");
        await service.SubmitAsync(new { cId = "user-1" });
        // The claim has begun, and is held up before it looks at the queue.
        await service.ExecuteAsync(
            """
            create or replace function test_clock.clock_timestamp() returns timestamptz language plpgsql volatile as $$
            begin
                if current_setting('application_name') = 'ledger lanes' then perform pg_advisory_xact_lock_shared(4711); end if;
                return pg_catalog.machine_clock_timestamp() + (select by from test_clock.shift);
            end $$
            """);
        // The version moves without its event.
        await service.ExecuteAsync("alter table ledger.mt_streams disable trigger appends_are_later");
        await using var gate = new NpgsqlConnection(service.Database.Superuser);
        await gate.OpenAsync();
        await ExecuteAsync(gate, "select pg_advisory_lock(4711)");
        await using var lanes = Slices.Sessions(service.Database.ConnectionStringFor("ledger_service"));
        await using var lane = await lanes.OpenConnectionAsync();
        await using var transaction = await lane.BeginTransactionAsync();
        var claim = new DueJobs("test", null, TimeProvider.System).NextAsync(lane, [service.Bot], CancellationToken.None);
        await service.UntilALaneWaitsAsync();
        // What another lane's commit changes of the three rows.
        await service.ExecuteAsync("update ledger.mt_doc_jobstatus set mt_version = 3");
        await service.ExecuteAsync("update ledger.mt_doc_job set mt_version = 3, data = data || '{\"cursor\": 33}'");
        await service.ExecuteAsync("update ledger.mt_streams set version = 3 where type = 'job'");
        await ExecuteAsync(gate, "select pg_advisory_unlock(4711)");

        var claimed = await claim;
        Assert.Equal(3, claimed?.Version);
        await using var appending = StreamTransaction.Within(TestStore.One, transaction);
        Assert.Equal(33, (await claimed!.ReadAsync(appending, CancellationToken.None)).Job.Cursor);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>So many lanes side by side, until no job is left.</summary>
    private static Task RunLanesAsync(TestService service, int lanes) => UntilAsync("jobs are left", async () =>
    {
        await Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => Task.Run(() => service.RunSlicesAsync())));
        return await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where status = 'queued'") == 0;
    });
}
