using System.Text;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.EventStore;
using Ledger.Keys;
using Ledger.Projections;
using Ledger.SystemTests.Execution;

namespace Ledger.SystemTests.Proofs;

/// <summary>What the service hands out holds for whoever has nothing but the log's public key, whatever the job went through.</summary>
public sealed class ProofTests(SharedService shared) : IClassFixture<SharedService>
{
    private static readonly TimeSpan[] s_delays = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3)];

    [SkippableFact]
    public async Task A_jobs_proof_and_that_of_one_of_its_conversations_hold_by_the_public_key_alone()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 5, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();

        using (var answer = await service.AskForProofAsync(job))
        {
            Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
            Assert.Equal($"{job}.erasure-proof", answer.Content.Headers.ContentDisposition!.FileName);
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
            Assert.True(answer.Headers.TransferEncodingChunked);
            var report = await service.CheckJobAsync(await answer.Content.ReadAsByteArrayAsync());
            Assert.Equal((job, service.Bot, TestService.ClientId), (report.Job, report.Bot, report.Client));
            Assert.Equal((JobOutcome.Completed, 5, 5, 5), (report.Outcome, report.Conversations, report.Deleted, report.Disclosed));
            Assert.Equal("user-1", report.CId);
        }
        using (var answer = await service.AskForProofOfAsync(job, "a-00003"))
        {
            Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
            Assert.EndsWith(".tlog-proof", answer.Content.Headers.ContentDisposition!.FileName, StringComparison.Ordinal);
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
            var report = await service.CheckConversationAsync(await answer.Content.ReadAsByteArrayAsync());
            Assert.Equal(
                (job, "a-00003", 2, "deleted", new ItemCounts(1, 1, 1, 1, 1)),
                (report.Job, report.ConversationId, report.Ordinal, report.Outcome, report.Items));
        }
    }

    [SkippableFact]
    public async Task The_proof_of_a_job_whose_list_failed_half_way_holds_and_discloses_nothing_of_the_rows_that_are_there()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        await service.AddConversationsAsync("a", Manifest.RowSize + 10, "user-1");
        await service.ExecuteAsync(
            """
            create function ledger.time_out() returns trigger language plpgsql
                as $$ begin raise exception 'too long' using errcode = 'query_canceled'; end $$;
            create trigger time_out before insert on ledger.job_manifest for each row when (new.row_number > 0)
                execute function ledger.time_out();
            """);
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        foreach (var delay in s_delays)
        {
            await service.Clock.AdvanceAsync(delay + TimeSpan.FromSeconds(1));
            await service.RunSlicesAsync();
        }
        Assert.Equal("failed done 0 deleted 0 failed 0 skipped 0 retries", await service.CountsAsync(job));
        Assert.Equal(1L, await service.ScalarAsync<long>("select count(*) from ledger.job_manifest"));

        var report = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal((JobOutcome.Failed, 0, 0, "user-1"), (report.Outcome, report.Conversations, report.Disclosed, report.CId));
    }

    [SkippableFact]
    public async Task Handing_out_the_ids_of_a_job_is_recorded_first_and_without_them_nothing_is()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();

        var recorded = await service.RecordedAsync();
        var without = await service.JobProofAsync(job, "?ids=false");
        Assert.Equal(0, (await service.CheckJobAsync(without)).Disclosed);
        Assert.DoesNotContain("a-0000", Encoding.UTF8.GetString(without), StringComparison.Ordinal);
        Assert.DoesNotContain("user-1", Encoding.UTF8.GetString(without), StringComparison.Ordinal);
        await service.ConversationProofAsync(job, "a-00001"); // the caller knew the id
        Assert.Equal(recorded, await service.RecordedAsync());

        await service.JobProofAsync(job);
        await service.JobProofAsync(job, "?ids=true");
        await using var connection = await service.Source.OpenConnectionAsync();
        var disclosed = (await EventStreams.ReadAsync(connection, StreamIds.Bot(service.Bot)).ToListAsync())
            .Select(e => e.Event)
            .OfType<IdentifiersDisclosed>()
            .ToList();
        Assert.Equal(2, disclosed.Count);
        Assert.All(
            disclosed,
            e => Assert.Equal((service.Bot, job, TestService.ClientId, TestService.ClientId), (e.Bot, e.Job, e.Client, e.Actor)));
        Assert.Equal(TestService.ClientId, (await service.CheckJobAsync(await service.JobProofAsync(job))).Client);
    }

    [SkippableFact]
    public async Task A_job_with_failures_retries_and_skips_among_other_jobs_events_is_proved_and_so_is_each_of_its_conversations()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { OwnClock = true, Execution = new() { BatchSize = 3, RetryDelays = s_delays } });
        await service.AddConversationsAsync("a", 10, "user-1");
        await service.AddConversationsAsync("b", 40, "user-2");
        await service.AddTriggerAsync(
            "conversations", "refuse_always", "before delete",
            "if old.conversation_id in ('a-00002', 'b-00002') then raise exception 'no'; end if; return old;");
        await service.AddTriggerAsync(
            "conversations", "refuse_twice", "before delete",
            "if old.conversation_id in ('a-00005', 'a-00007') then raise exception 'no'; end if; return old;");
        string[] ids = [.. Enumerable.Range(1, 10).Select(n => $"a-{n:D5}"), "nobody-has"];
        var job = await service.SubmitAsync(new { conversationIds = ids });
        await service.RunSlicesAsync();
        var other = await service.SubmitAsync(new { cId = "user-2" });
        await service.RunSlicesAsync();
        await AfterAsync(service, s_delays[0]);
        await service.ExecuteAsync("drop trigger refuse_twice on conversations.conversations");
        await AfterAsync(service, s_delays[1]);
        await AfterAsync(service, s_delays[2]);
        Assert.StartsWith("failed done 9 deleted 1 failed 1 skipped", await service.CountsAsync(job), StringComparison.Ordinal);

        var report = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal(
            (JobOutcome.Failed, 4, 11, 9, 1), (report.Outcome, report.Attempts, report.Conversations, report.Deleted, report.Failed));
        Assert.Equal(1, report.Skipped[SkipReason.NotFound]);
        // the first attempt and three retries, with others' events between
        Assert.True(report.Leaves.Runs >= 4, $"{report.Leaves.Runs} runs");
        Assert.Equal(39, (await service.CheckJobAsync(await service.JobProofAsync(other))).Deleted);
        var outcomes = await service.OutcomesByIdAsync(job);
        Assert.Equal(ids.Order(), outcomes.Keys.Order());
        foreach (var (id, outcome) in outcomes)
        {
            var one = await service.CheckConversationAsync(await service.ConversationProofAsync(job, id));
            Assert.Equal((id, outcome.Split(' ')[0]), (one.ConversationId, one.Outcome));
            Assert.Equal(id switch { "a-00002" => 4, "a-00005" or "a-00007" => 3, "nobody-has" => null, _ => 1 }, one.Attempt);
        }
    }

    [SkippableFact]
    public async Task A_job_that_a_windows_end_interrupted_is_proved_and_so_are_its_conversations_before_and_after()
    {
        await using var service = await Steps.NightServiceAsync("2026-11-20T20:00:00Z", batchSize: 2);
        await service.AddConversationsAsync("a", 5, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        Task slice;
        await using (await service.LockConversationAsync("a-00004"))
        {
            slice = service.RunSlicesAsync();
            await service.UntilALaneWaitsAsync(); // in its second batch
            await service.Clock.SetAsync(Steps.At("2026-11-21T02:00:00Z"));
        }
        await slice;
        await service.RunAtAsync("2026-11-21T18:00:01Z");

        var report = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal((5, 2), (report.Deleted, report.Openings.Count));
        for (var n = 1; n <= 5; n++)
            Assert.Equal(n - 1, (await service.CheckConversationAsync(await service.ConversationProofAsync(job, $"a-{n:D5}"))).Ordinal);
    }

    [SkippableFact]
    public async Task Jobs_that_never_had_a_list_or_had_an_empty_one_are_proved()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        var nothing = await service.SubmitAsync(new { cId = "nobody" });
        await service.RunSlicesAsync();
        var report = await service.CheckJobAsync(await service.JobProofAsync(nothing));
        Assert.Equal(
            (JobOutcome.Completed, 0, Conclusion.NothingErased, "nobody"),
            (report.Outcome, report.Conversations, report.Conclusion, report.CId));

        await service.ExecuteAsync("revoke select on conversations.channel_users from ledger_service");
        var unresolved = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        foreach (var delay in s_delays)
            await AfterAsync(service, delay);
        report = await service.CheckJobAsync(await service.JobProofAsync(unresolved));
        Assert.Equal((JobOutcome.Failed, 4, 0, "user-1"), (report.Outcome, report.Attempts, report.Conversations, report.CId));
    }

    [SkippableFact]
    public async Task Once_its_key_is_destroyed_a_job_is_proved_without_ids_and_what_was_handed_out_still_holds_when_the_log_has_grown()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 5, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var (before, one) = (await service.JobProofAsync(job), await service.ConversationProofAsync(job, "a-00002"));

        Assert.True(JobId.TryParse(job, out var id));
        await service.ExecuteAsync("delete from ledger.job_secrets where job_id = $1", id.Value);
        await service.ExecuteAsync("update ledger.job_manifest set sealed = null where job_id = $1", id.Value);
        for (var n = 0; n < 3; n++)
            await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();

        var after = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal((5, 0, null), (after.Deleted, after.Disclosed, after.CId));
        var held = await service.CheckJobAsync(before);
        Assert.Equal((5, 5, "user-1"), (held.Deleted, held.Disclosed, held.CId));
        Assert.True(held.Log.Size < after.Log.Size);
        Assert.Equal("a-00002", (await service.CheckConversationAsync(one)).ConversationId);
        Assert.Equal(1L, await service.ScalarAsync<long>( // only the first time
            "select count(*) from ledger.mt_events where stream_id = $1 and type = 'identifiers_disclosed'", StreamIds.Bot(service.Bot)));
    }

    [SkippableFact]
    public async Task A_job_of_five_thousand_conversations_is_proved_and_an_answer_that_cannot_be_finished_breaks_off()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 5_000, "user-1", new DateTimeOffset(2022, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var report = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal((5_000, 5_000), (report.Deleted, report.Disclosed));
        foreach (var n in new[] { 1, 1024, 1025, 5_000 })
            Assert.Equal(n - 1, (await service.CheckConversationAsync(await service.ConversationProofAsync(job, $"a-{n:D5}"))).Ordinal);

        await service.ExecuteAsync(
            "alter table ledger.job_manifest disable trigger user; update ledger.job_manifest set sealed = 'damaged' where row_number = 4");
        await Assert.ThrowsAsync<HttpRequestException>(() => service.JobProofAsync(job));
    }

    private static async Task AfterAsync(TestService service, TimeSpan delay)
    {
        await service.Clock.AdvanceAsync(delay + TimeSpan.FromSeconds(1));
        await service.RunSlicesAsync();
    }
}
