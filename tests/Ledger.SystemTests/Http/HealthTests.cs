using System.Text.Json;
using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.SystemTests.Http;

/// <summary>What needs no token.</summary>
public sealed class HealthTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    [SkippableFact]
    public async Task A_node_that_cannot_schedule_is_not_ready_until_it_can()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        await UntilAsync(service, 200, "ready");
        await service.ExecuteAsync("revoke select on ledger.mt_doc_job from ledger_service");
        await UntilAsync(service, 503, "scheduling: this node cannot look for due work");
        await service.ExecuteAsync("grant select on ledger.mt_doc_job to ledger_service");
        await UntilAsync(service, 200, "ready");
    }

    private static async Task UntilAsync(TestService service, int status, string text)
    {
        using var deadline = new CancellationTokenSource(Patience.Limit);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await ticks.WaitForNextTickAsync(deadline.Token))
        {
            using var answer = await service.Client.GetAsync("/health/ready", deadline.Token);
            var body = await answer.Content.ReadAsStringAsync(deadline.Token);
            if ((int)answer.StatusCode == status && body.Contains(text, StringComparison.Ordinal))
                return;
        }
    }

    [SkippableFact]
    public async Task A_transaction_that_is_open_for_long_is_a_warning_with_its_process_until_it_ends()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        await using var holder = new NpgsqlConnection(service.Database.Superuser);
        await holder.OpenAsync();
        await using (var transaction = await holder.BeginTransactionAsync())
        {
            await using var snapshot = new NpgsqlCommand("select count(*) from ledger.mt_events", holder);
            await snapshot.ExecuteScalarAsync();
            await service.WriteLogAsync(); // what is behind is not ready
            Assert.Empty(await WarningsAsync(service));
            await service.Clock.AdvanceAsync(OldTransactions.Old);
            await service.WriteLogAsync();
            Assert.Contains($"process {holder.ProcessID} ", Assert.Single(await WarningsAsync(service)), StringComparison.Ordinal);
        }
        Assert.Empty(await WarningsAsync(service));
    }

    private static async Task<string[]> WarningsAsync(TestService service) =>
        [.. JsonDocument.Parse(await service.Client.GetStringAsync("/health/ready")).RootElement.GetProperty("warnings").EnumerateArray()
            .Select(warning => warning.GetString()!)];

    [SkippableFact]
    public async Task Health_says_live_and_ready_without_a_token()
    {
        var service = await shared.Service;
        Assert.Equal("""{"status":"live"}""", await service.Client.GetStringAsync("/health/live"));
        Assert.Equal("""{"status":"ready","warnings":[]}""", await service.Client.GetStringAsync("/health/ready"));
    }

    [SkippableFact]
    public async Task The_openapi_document_describes_every_call()
    {
        var service = await shared.Service;
        var document = (await service.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json"))).Is(200).Json;
        var paths = document.GetProperty("paths");
        const string deletions = "/api/public/bot/{botId}/conversations/delete";
        foreach (var (path, method, status) in new[]
        {
            (deletions, "post", "202"), (deletions, "post", "422"), (deletions, "post", "429"), (deletions, "get", "200"),
            ($"{deletions}/{{jobId}}", "get", "304"), ($"{deletions}/{{jobId}}", "post", "400"),
            ($"{deletions}/{{jobId}}/outcomes", "get", "403"), ("/health/ready", "get", "503"),
        })
        {
            var responses = paths.GetProperty(path).GetProperty(method).GetProperty("responses");
            Assert.True(responses.TryGetProperty(status, out _), $"{method} {path} {status}");
        }
        var post = paths.GetProperty(deletions).GetProperty("post");
        var json = post.GetProperty("requestBody").GetProperty("content").GetProperty("application/json");
        var schema = json.GetProperty("schema").GetProperty("$ref").GetString()!.Split('/')[^1];
        var schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.Equal(2, schemas.GetProperty(schema).GetProperty("oneOf").GetArrayLength());
        Assert.Equal(["auth", "bearer"], post.GetProperty("security").EnumerateArray().Select(one => one.EnumerateObject().Single().Name));
        var unavailable = post.GetProperty("responses").GetProperty("503").GetProperty("description").GetString();
        Assert.Contains("5031", unavailable, StringComparison.Ordinal);
        Assert.False(paths.GetProperty("/health/live").GetProperty("get").TryGetProperty("security", out _));
    }
}
