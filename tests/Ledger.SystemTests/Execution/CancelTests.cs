using System.Net;
using Ledger.Contracts.Jobs;
using Ledger.Forgetting;
using Ledger.Keys;
using Ledger.SystemTests.Proofs;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Execution;

/// <summary>
/// A job can be cancelled at any moment. Once that is answered nothing more is deleted, what was deleted is recorded, and the job's proof
/// is whole.
/// </summary>
public sealed class CancelTests
{
    private const int Gate = 4713;
    private const string RefuseAll = "raise exception 'refused';";

    private static readonly TestServiceOptions s_ownClock = new() { OwnClock = true };

    [SkippableFact]
    public async Task At_every_statement_of_a_running_batch_each_conversation_is_deleted_and_recorded_or_neither()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 4 } });
        await service.ExecuteAsync(
            $"""
            create function public.gate() returns trigger language plpgsql security definer as $$
            begin
                perform pg_advisory_xact_lock_shared({Gate});
                if tg_op = 'DELETE' then return old; end if;
                return new;
            end $$
            """);
        await using var gate = new NpgsqlConnection(service.Database.Superuser);
        await gate.OpenAsync();
        var ended = new List<string>();
        foreach (var (number, trigger) in new[]
        {
            "before delete on conversations.items", "after delete on conversations.items", "before delete on conversations.conversations",
            "after delete on conversations.conversations", "before update on ledger.mt_streams", "before insert on ledger.mt_events",
            "after insert on ledger.mt_events", "before update on ledger.mt_doc_job", "after update on ledger.mt_doc_jobstatus",
            "before update on ledger.job_manifest", "after update on ledger.job_manifest",
        }.Index())
        {
            await service.AddConversationsAsync($"c{number}", 12, $"user-{number}");
            var job = await service.SubmitAsync(new { cId = $"user-{number}" });
            await service.RunToStartAsync(job);
            await service.ExecuteAsync($"create trigger gate {trigger} for each row execute function public.gate()");
            await ExecuteAsync(gate, $"select pg_advisory_lock({Gate})");
            await service.WriteLogAsync();
            var slices = service.RunSlicesAsync();
            await service.UntilALaneWaitsAsync();

            var cancelling = CancelAsync(service, job);
            await UntilTheCancellationWaitsAsync(service);
            await ExecuteAsync(gate, $"select pg_advisory_unlock({Gate})");
            var (status, answer) = await cancelling;
            var left = await LeftAsync(service, $"user-{number}");
            await slices;

            Assert.Equal(left, await LeftAsync(service, $"user-{number}"));
            var ending = await service.StatusAsync(job);
            Assert.Equal(12 - left, ending.GetProperty("result").GetProperty("deletedCount").GetInt64());
            ended.Add($"{(int)status} {ending.GetProperty("status")}");
            Assert.Equal(status == HttpStatusCode.Accepted ? "202 cancelled" : "409 completed", ended[^1]);
            if (status == HttpStatusCode.Accepted)
                Assert.Equal(ending.GetRawText(), answer);
            await service.ExecuteAsync($"drop trigger gate on {trigger.Split(" on ")[1]}");
            await service.WriteLogAsync();
            Assert.Equal(12 - left, (await service.CheckJobAsync(await service.JobProofAsync(job))).Deleted);
        }
        Assert.Contains("202 cancelled", ended);
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_cancelled_job_is_proved_whole_also_once_it_is_forgotten()
    {
        // The rest begins in the middle of the first row, goes over a full one, and ends in one that is not full.
        const int Conversations = 2 * Manifest.RowSize + 77, Deleted = 700;
        await using var service = await TestService.StartAsync(s_ownClock with { Execution = new() { BatchSize = Deleted } });
        await service.AddConversationsAsync("a", Conversations, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunToStartAsync(job);
        await service.RunStepAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await CancelAsync(service, job)).Status);

        await service.RunSlicesAsync();
        Assert.Equal($"cancelled done {Deleted} deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal(Conversations - Deleted, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
        var report = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal(
            (JobOutcome.Cancelled, Conversations, Deleted, Deleted, Conversations - Deleted),
            (report.Outcome, report.Conversations, report.Deleted, report.Disclosed, report.Untouched));
        Assert.True(JobId.TryParse(job, out var id));
        Assert.Null((await service.Services.GetRequiredService<JobForgetting>().ForgetAsync(id, "test", null, default)).Rejection);
        report = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal((Deleted, 0, Conversations - Deleted), (report.Deleted, report.Disclosed, report.Untouched));
    }

    [SkippableFact]
    public async Task Before_its_start_and_between_its_attempts_a_job_ends_at_once_outside_of_its_window_too()
    {
        await using var service = await TestService.StartAsync(s_ownClock);
        await service.AddConversationsAsync("a", 3, "user-1");
        var waiting = await service.SubmitAsync(new { cId = "user-1" });
        Assert.Equal(HttpStatusCode.Accepted, (await CancelAsync(service, waiting)).Status);
        Assert.Equal("cancelled done 0 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(waiting));

        await service.AddTriggerAsync("conversations", "refuse", "before delete", RefuseAll);
        var retrying = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.Equal("queued retrying 0 deleted 3 failed 0 skipped 2 retries", await service.CountsAsync(retrying));
        await service.Clock.AdvanceAsync(TimeSpan.FromHours(3));
        Assert.Equal(HttpStatusCode.Accepted, (await CancelAsync(service, retrying)).Status);
        Assert.Equal("cancelled done 0 deleted 3 failed 0 skipped 2 retries", await service.CountsAsync(retrying));

        await service.WriteLogAsync();
        await service.AssertRecordsAgreeAsync();
        foreach (var (job, failed) in new[] { (waiting, 0), (retrying, 3) })
        {
            var report = await service.CheckJobAsync(await service.JobProofAsync(job));
            Assert.Equal((JobOutcome.Cancelled, failed, 0), (report.Outcome, report.Failed, report.Untouched));
        }
        Assert.Equal(
            [waiting, retrying],
            await service.ScalarAsync<string[]>(
                "select array_agg(data ->> 'job' order by seq_id) from ledger.mt_events where type = 'job_cancelled' "
                + "and data ->> 'actor' = $1",
                TestService.ClientId));
    }

    [SkippableFact]
    public async Task A_cancellation_that_is_cut_off_in_the_middle_of_a_retry_deletes_nothing_more_and_the_next_slice_ends_it()
    {
        const int Conversations = Manifest.RowSize + 6;
        await using var service = await TestService.StartAsync(s_ownClock with { Execution = new() { BatchSize = 500 } });
        await service.AddConversationsAsync("a", Conversations, "user-1");
        await service.AddTriggerAsync("conversations", "refuse", "before delete", RefuseAll);
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(2));
        await service.RunStepAsync();
        await service.ExecuteAsync("drop trigger refuse on conversations.conversations");
        await service.AddTriggerAsync("conversations", "never", "before delete", RefuseAll);
        // What settles the first row is recorded. The end is not.
        await service.ExecuteAsync(
            """
            create function public.no_end() returns trigger language plpgsql as $$ begin raise exception 'the end'; end $$;
            create trigger no_end before insert on ledger.mt_events for each row when (new.type = 'completed')
                execute function public.no_end()
            """);
        Assert.Equal(HttpStatusCode.InternalServerError, (await CancelAsync(service, job)).Status);
        Assert.Equal("queued running 0 deleted 506 failed 524 skipped 2 retries", await service.CountsAsync(job));
        await service.ExecuteAsync("drop trigger no_end on ledger.mt_events; drop trigger never on conversations.conversations");

        await service.RunSlicesAsync();
        Assert.Equal("cancelled done 0 deleted 500 failed 530 skipped 2 retries", await service.CountsAsync(job));
        Assert.Equal(Conversations, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
        var report = await service.CheckJobAsync(await service.JobProofAsync(job));
        Assert.Equal((JobOutcome.Cancelled, 500, 0), (report.Outcome, report.Failed, report.Untouched));
    }

    [SkippableFact]
    public async Task A_job_whose_key_is_gone_can_be_ended_by_cancelling_it_and_has_no_proof_of_the_rest()
    {
        await using var service = await TestService.StartAsync(s_ownClock with { Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 5, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunToStartAsync(job);
        await service.RunStepAsync();
        await service.ExecuteAsync("delete from ledger.job_secrets");
        Assert.Equal(HttpStatusCode.Accepted, (await CancelAsync(service, job)).Status);
        Assert.Equal("cancelled done 2 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await service.WriteLogAsync();
        using var response = await service.AskForProofAsync(job);
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("cannot be proved", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> CancelAsync(TestService service, string job)
    {
        using var response = await service.SendAsync(HttpMethod.Delete, $"{service.Deletions}/{job}");
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static Task UntilTheCancellationWaitsAsync(TestService service) => Steps.UntilAsync(
        "the cancellation does not wait",
        () => service.ScalarAsync<bool>(
            "select exists (select from pg_stat_activity where datname = current_database() and application_name <> 'ledger lanes' "
            + "and wait_event_type = 'Lock' and query like '%ledger.mt_streams%')"));

    private static Task<long> LeftAsync(TestService service, string user) =>
        service.ScalarAsync<long>("select count(*) from conversations.conversations where cid = $1", user);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
