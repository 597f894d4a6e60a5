using Ledger.Contracts.Registry;

namespace Ledger.SystemTests.Http;

/// <summary>The rows of contract §5 that are nobody else's.</summary>
public sealed class ErrorTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    [SkippableTheory]
    [InlineData("/api/public/bot")]
    [InlineData("/api/public/bot//conversations/delete")]
    [InlineData("/api/public/bot/st-1/conversations")]
    [InlineData("/api/public/bot/st-1/conversations/delete/x/y")]
    [InlineData("/openapi/v2.json")]
    [InlineData("/health")]
    public async Task An_unknown_path_is_404_with_any_method_and_without_a_token(string path)
    {
        var service = await shared.Service;
        foreach (var method in new[] { "GET", "POST", "DELETE", "OPTIONS", "FOO" })
            (await service.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).IsError(404, 404, "there is nothing at this path");
    }

    [SkippableTheory]
    [InlineData("", "PUT PATCH DELETE OPTIONS TRACE FOO", "GET, POST")]
    [InlineData("/cdj-00000000-0000-5000-8000-000000000000", "PUT PATCH DELETE OPTIONS TRACE", "GET, POST")]
    [InlineData("/cdj-00000000-0000-5000-8000-000000000000/outcomes", "POST PUT DELETE OPTIONS", "GET")]
    [InlineData("/cdj-00000000-0000-5000-8000-000000000000/proof", "PUT PATCH DELETE OPTIONS", "GET, POST")]
    public async Task A_wrong_method_is_405_before_anything_else(string path, string methods, string allowed)
    {
        var service = await shared.Service;
        foreach (var method in methods.Split(' '))
        {
            var answer = await service.RefusedAsync(new HttpRequestMessage(new HttpMethod(method), service.Deletions + path), 405, 405, allowed);
            Assert.Equal(allowed, answer.Header("Allow"));
        }
        var head = (await service.SendAsync(new HttpRequestMessage(HttpMethod.Head, service.Deletions + path))).Is(405);
        Assert.Equal(allowed, head.Header("Allow"));
        Assert.Empty(head.Body);
    }

    [SkippableFact]
    public async Task A_scope_that_is_not_granted_is_403()
    {
        var service = await shared.Service;
        foreach (var (method, path, scope) in new[]
        {
            (HttpMethod.Post, service.Deletions, Scope.LogsHistory),
            (HttpMethod.Post, service.Deletions, Scope.LedgerAudit),
            (HttpMethod.Get, service.Deletions, Scope.LogsHistory),
            (HttpMethod.Get, $"{service.Deletions}/x", Scope.LedgerAudit),
            (HttpMethod.Post, $"{service.Deletions}/x", Scope.LedgerAudit),
            (HttpMethod.Get, $"{service.Deletions}/x/outcomes", Scope.LogsHistory),
            (HttpMethod.Get, $"{service.Deletions}/x/proof", Scope.LedgerAudit),
            (HttpMethod.Post, $"{service.Deletions}/x/proof", Scope.LogsHistory),
        })
        {
            var request = new HttpRequestMessage(method, path) { Headers = { { "auth", service.Token(scope) } } };
            if (method == HttpMethod.Post)
                request.Content = ApiService.Json("""{"cId":"u"}""");
            var answer = await service.RefusedAsync(request, 403, 4002);
            Assert.Equal("""{"errors":[{"msg":"Permission denied. Scope is incorrect!","code":4002}]}""", answer.Body);
        }
    }

    [SkippableFact]
    public async Task Without_the_database_requests_are_503_until_it_is_back()
    {
        await using var service = await ApiService.StartAsync();
        var submit = () => service.Request(HttpMethod.Post, service.Deletions, """{"cId":"u"}""");
        (await service.SendAsync(submit())).Is(202);
        (await service.GetAsync("/health/ready")).Is(200);
        var before = await service.RecordedAsync();

        await service.TakeDatabaseAwayAsync();
        foreach (var path in new[] { service.Deletions, "/health/ready" })
        {
            var answer = (await service.GetAsync(path)).IsError(503, 503, "database");
            Assert.True(int.Parse(answer.Header("Retry-After")!) > 0);
        }
        // Sent over a connection that had just died, its outcome is honestly unknown; else the database is known to be away.
        var submitted = (await service.SendAsync(submit())).Is(503);
        submitted.IsError(503, submitted.Body.Contains("5031", StringComparison.Ordinal) ? 5031 : 503);
        Assert.True(int.Parse(submitted.Header("Retry-After")!) > 0);
        (await service.GetAsync("/health/live")).Is(200);
        Assert.Equal(before, await service.RecordedAsync());

        await service.GiveDatabaseBackAsync();
        (await service.GetAsync("/health/ready")).Is(200);
        (await service.SendAsync(submit())).Is(202);
    }

    [SkippableFact]
    public async Task A_failure_of_the_services_own_is_500_without_its_cause_and_records_nothing()
    {
        await using var service = await ApiService.StartAsync();
        await service.Node.ExecuteAsync("revoke insert on ledger.job_queue from ledger_service");
        var answer = await service.RefusedAsync(service.Request(HttpMethod.Post, service.Deletions, """{"cId":"u"}"""), 500, 500);
        Assert.DoesNotContain("job_queue", answer.Body, StringComparison.Ordinal);

        await service.Node.ExecuteAsync("grant insert on ledger.job_queue to ledger_service");
        (await service.SubmitAsync("""{"cId":"u"}""")).Is(202);
    }

    [SkippableFact]
    public async Task A_node_that_cannot_schedule_is_not_ready_until_it_can()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        await UntilAsync(service, 200, "ready");
        await service.ExecuteAsync("revoke usage on schema quartz from ledger_service");
        await UntilAsync(service, 503, "scheduling: this node cannot follow the registry");
        await service.ExecuteAsync("grant usage on schema quartz to ledger_service");
        await UntilAsync(service, 200, "ready");
    }

    private static async Task UntilAsync(TestService service, int status, string text)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await ticks.WaitForNextTickAsync(deadline.Token))
        {
            using var answer = await service.Client.GetAsync("/health/ready", deadline.Token);
            if ((int)answer.StatusCode == status && (await answer.Content.ReadAsStringAsync(deadline.Token)).Contains(text, StringComparison.Ordinal))
                return;
        }
    }

    [SkippableFact]
    public async Task Health_says_live_and_ready_without_a_token()
    {
        var service = await shared.Service;
        Assert.Equal("""{"status":"live"}""", await service.Client.GetStringAsync("/health/live"));
        Assert.Equal("""{"status":"ready"}""", await service.Client.GetStringAsync("/health/ready"));
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
            ($"{deletions}/{{jobId}}", "get", "304"), ($"{deletions}/{{jobId}}", "post", "400"), ($"{deletions}/{{jobId}}/outcomes", "get", "403"), ("/health/ready", "get", "503"),
        })
            Assert.True(paths.GetProperty(path).GetProperty(method).GetProperty("responses").TryGetProperty(status, out _), $"{method} {path} {status}");
        var post = paths.GetProperty(deletions).GetProperty("post");
        var schema = post.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString()!;
        Assert.Equal(2, document.GetProperty("components").GetProperty("schemas").GetProperty(schema.Split('/')[^1]).GetProperty("oneOf").GetArrayLength());
        Assert.Equal(["auth", "bearer"], post.GetProperty("security").EnumerateArray().Select(one => one.EnumerateObject().Single().Name));
        Assert.Contains("5031", post.GetProperty("responses").GetProperty("503").GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.False(paths.GetProperty("/health/live").GetProperty("get").TryGetProperty("security", out _));
    }
}
