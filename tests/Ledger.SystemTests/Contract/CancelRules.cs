using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.SystemTests.Execution;

namespace Ledger.SystemTests.Contract;

/// <summary>Contract §6, <c>DELETE /{jobId}</c>.</summary>
public sealed class CancelRules(ContractHost host) : ContractTest(host)
{
    private const string Nobody = """{"cId":"nobody"}""";
    private const string ByUser = """{"cId":"user-1"}""";

    [SkippableFact]
    public async Task Before_the_start_a_job_is_cancelled_at_once_and_the_answer_is_its_status()
    {
        var job = await JobAsync(Nobody);
        var answer = await AnswerAsync(202, s => s.Target("DELETE", job));
        Assert.Equal(job, answer.Header("Location"));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal("cancelled done", $"{answer.Member("status")} {answer.Member("phase")}");
        await Node.RunSlicesAsync();
        Assert.Equal(answer.Body, (await GetAsync(job)).Body);
    }

    [SkippableFact]
    public async Task In_mid_job_it_ends_at_the_next_batch_and_the_log_shows_which_conversations_came_before()
    {
        await Node.AddConversationsAsync("a", 6, "user-1", bot: Bot);
        var job = await JobAsync(ByUser);
        // Other tests' jobs may come first.
        while ((await ResultAsync(job)).GetProperty("processedCount").GetInt32() == 0)
            await Node.RunStepAsync();
        var result = (await AnswerAsync(202, s => s.Target("DELETE", job))).Json.GetProperty("result");
        Assert.Equal(
            (6, 4, 4, 0),
            (result.GetProperty("totalConversations").GetInt32(), result.GetProperty("processedCount").GetInt32(),
                result.GetProperty("deletedCount").GetInt32(), result.GetProperty("skippedCount").GetInt32()));
        await Node.RunSlicesAsync();
        Assert.Equal(
            ["a-00001", "a-00002", "a-00003", "a-00004"],
            (await GetAsync($"{job}/outcomes")).Json.GetProperty("outcomes").EnumerateArray()
                .Select(one => one.GetProperty("conversationId").GetString()));
        var log = (await GetAsync($"/api/public/bot/{Bot}/changelogs")).Json.EnumerateArray().ToList();
        Assert.Contains(log, entry => entry.GetProperty("message").GetString()!.EndsWith("was cancelled.", StringComparison.Ordinal));
        await GetAsync($"{job}/proof");
    }

    [SkippableFact]
    public async Task What_a_retry_still_owes_is_skipped_as_cancelled()
    {
        await Node.AddConversationsAsync("b", 6, "user-1", bot: Bot);
        await Node.AddTriggerAsync("conversations", "refuse_b", "before delete", "raise exception 'no';");
        try
        {
            var job = await JobAsync(ByUser);
            await Node.RunSlicesAsync();
            await Node.Clock.AdvanceAsync(TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(1));
            while ((await GetAsync(job)).Member("phase") == "retrying")
                await Node.RunStepAsync();
            var result = (await AnswerAsync(202, s => s.Target("DELETE", job))).Json.GetProperty("result");
            Assert.Equal((4, 2), (result.GetProperty("failedCount").GetInt32(), result.GetProperty("skippedCount").GetInt32()));
            Assert.Equal(2, result.GetProperty("skipped").GetProperty("cancelled").GetInt32());
        }
        finally
        {
            await Node.ExecuteAsync("drop trigger refuse_b on conversations.conversations; drop function conversations.refuse_b");
        }
    }

    [SkippableFact]
    public async Task A_job_that_has_ended_is_409()
    {
        var job = await JobAsync(Nobody);
        await Node.RunSlicesAsync();
        await RefusedAsync(409, 409, "the job has ended, as completed", s => s.Target("DELETE", job));
        var cancelled = await JobAsync(Nobody);
        await AnswerAsync(202, s => s.Target("DELETE", cancelled));
        await RefusedAsync(409, 409, "the job has ended, as cancelled", s => s.Target("DELETE", cancelled));
    }

    [SkippableFact]
    public async Task Only_Delete_Conversations_cancels_and_only_jobs_of_its_bot()
    {
        var job = await JobAsync(Nobody);
        var others = await TokenAsync(Scope.LedgerAudit, Scope.ErasureProofs, Scope.LogsHistory, Scope.LegalHolds);
        await RefusedAsync(403, 4002, "Permission denied", s => s.Target("DELETE", job).As(others));
        var other = DeletionsOf(await Node.AddBotAsync()) + job[job.LastIndexOf('/')..];
        foreach (var unknown in new[] { other, $"{Deletions}/cdj-00000000-0000-5000-8000-000000000000", $"{Deletions}/x" })
            await RefusedAsync(404, 404, "there is no such job", s => s.Target("DELETE", unknown));
        Assert.Equal("queued", (await GetAsync(job)).Member("status"));
    }

    [SkippableFact]
    public async Task A_body_or_a_query_parameter_is_400_because_a_cancellation_is_never_guessed_at()
    {
        var job = await JobAsync(Nobody);
        await RefusedAsync(400, 400, "the body must be empty", s => s.Target("DELETE", job).Sending("""{"reason":"r"}"""));
        await RefusedAsync(400, 400, "unknown", s => s.Target("DELETE", $"{job}?dryRun=true"));
    }

    private async Task<JsonElement> ResultAsync(string job) => (await GetAsync(job)).Json.GetProperty("result");
}
