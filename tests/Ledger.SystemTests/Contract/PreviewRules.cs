using Alba;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Contract;

/// <summary>Contract §1, the preview. That its counts are the job's is told in <c>PreviewTests</c>.</summary>
public sealed class PreviewRules(ContractHost host) : ContractTest(host)
{
    private const string Nobody = """{"cId":"nobody"}""";

    private string Preview => $"{Deletions}/preview";

    [SkippableFact]
    public async Task A_preview_is_answered_200_with_the_counts_and_the_window_that_the_job_then_has_and_records_nothing()
    {
        // It opens at another hour than it is now.
        var hour = Node.Time.GetUtcNow().AddHours(12).Hour;
        var night = $"night-{hour}";
        Assert.Null(await Node.Registry.DefineWindowAsync(
            new DefineWindow(night, $"0 0 {hour} * * ?", "UTC", 3600, 1, "test", null), CancellationToken.None));
        var bot = await Node.AddBotAsync(window: night, retentionDays: 30);
        var recent = new DateTimeOffset(Node.Time.GetUtcNow().Date, TimeSpan.Zero).AddDays(-10);
        await Node.AddConversationsAsync("new", 3, "u-1", recent, bot: bot);
        await Node.AddConversationsAsync("old", 2, "u-1", recent.AddDays(-100), bot: bot);
        var path = $"{DeletionsOf(bot)}/preview";
        var before = await Node.RecordedAsync();
        var answer = await AnswerAsync(200, s => s.Target("POST", path).Sending("""{"cId":"u-1"}"""));
        var byId = await AnswerAsync(200, s => s.Target("POST", path).Sending("""{"conversationIds":["new-00001","none","none"]}"""));
        Assert.Equal(before, await Node.RecordedAsync());
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal(["requestType", "window", "result"], answer.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("cId", answer.Member("requestType"));
        Assert.Equal(
            """{"totalConversations":5,"deletableCount":3,"skippedCount":2,"skipped":{"retention":2}}""", answer.Member("result"));
        Assert.Equal(
            """{"totalConversations":2,"deletableCount":1,"skippedCount":1,"skipped":{"not_found":1}}""", byId.Member("result"));

        var job = await SubmitAsync("""{"cId":"u-1"}""", bot: bot);
        var planned = await Node.ScalarAsync<string>(
            """
            select jsonb_build_object('name', data #>> '{window,name}', 'opens', data #>> '{window,opens}', 'closes',
                data #>> '{window,closes}', 'plannedAt', data ->> 'plannedAt')::text
            from ledger.mt_events where stream_id = $1 and type = 'scheduled'
            """, Forgetting.ForgettingSteps.Id(job.Member("jobId")).Value);
        var window = answer.Json.GetProperty("window");
        Assert.Equal(night, window.GetProperty("name").GetString());
        Assert.All(
            System.Text.Json.JsonDocument.Parse(planned).RootElement.EnumerateObject(),
            member => Assert.Equal(member.Value.GetString(), window.GetProperty(member.Name).GetString()));
    }

    [SkippableFact]
    public async Task A_preview_has_the_rules_and_errors_of_a_submission()
    {
        var auditor = await TokenAsync(Scope.LedgerAudit);
        Action<Scenario>[] requests =
        [
            s => s.Sending("{}"),
            s => s.Sending("""{"cId":"u","conversationIds":["c"]}"""),
            s => s.Sending("""{"cId":"u","enddate":"2026-05-04"}"""),
            s => s.Sending("""{"conversationIds":[]}"""),
            s => s.Sending("""{"cId":"u","startDate":"2999-01-01"}"""),
            s => s.Sending("not JSON"),
            s => s.Sending(new string(' ', 200_000)),
            s => s.Sending(Nobody, "text/plain"),
            s => s.Sending(Nobody).With("Idempotency-Key", "a b"),
            s => s.Sending(Nobody).As(null),
            s => s.Sending(Nobody).As(auditor),
        ];
        foreach (var request in requests)
        {
            var submitted = await AnyAsync(Deletions, request);
            var previewed = await AnyAsync(Preview, request);
            Assert.InRange((int)submitted.Status, 400, 499);
            Assert.Equal((submitted.Status, submitted.Body), (previewed.Status, previewed.Body));
        }
        await RefusedAsync(400, 400, "parameter", s => s.Target("POST", $"{Preview}?dryRun=true").Sending(Nobody));
        var wrong = await RefusedAsync(405, 405, "POST", s => s.Target("GET", Preview));
        Assert.Equal("POST", wrong.Header("Allow"));
    }

    [SkippableFact]
    public async Task A_preview_counts_as_a_submission_for_the_limit_of_its_bot()
    {
        var now = Node.Time.GetUtcNow();
        await Node.Clock.SetAsync(new DateTimeOffset(now.Date, TimeSpan.Zero).AddDays(1)); // the begin of a minute and an hour
        for (var sent = 0; sent < 30; sent++)
        {
            await SubmitAsync(Nobody);
            await AnswerAsync(200, s => s.Target("POST", Preview).Sending(Nobody));
        }
        await RefusedAsync(429, 429, "too many requests", s => s.Target("POST", Preview).Sending(Nobody));
        await RefusedAsync(429, 429, "too many requests", s => s.Target("POST", Deletions).Sending(Nobody));
    }

    [SkippableFact]
    public async Task An_idempotency_key_of_a_preview_names_nothing()
    {
        await AnswerAsync(200, s => s.Target("POST", Preview).Sending(Nobody).With("Idempotency-Key", "key"));
        await SubmitAsync("""{"cId":"somebody"}""", "key");
        await AnswerAsync(200, s => s.Target("POST", Preview).Sending(Nobody).With("Idempotency-Key", "key"));
    }

    private Task<Http.Answer> AnyAsync(string path, Action<Scenario> request) => AnyStatusAsync(s => request(s.Target("POST", path)));

    private async Task<Http.Answer> AnyStatusAsync(Action<Scenario> request)
    {
        var result = await Node.Alba!.Scenario(scenario =>
        {
            request(scenario);
            scenario.IgnoreStatusCode();
        });
        return await ScenarioAnswer.Of(result.Context);
    }
}
