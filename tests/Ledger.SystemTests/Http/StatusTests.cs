using System.Net.Http.Headers;
using Ledger.Contracts.Registry;

namespace Ledger.SystemTests.Http;

/// <summary>Contract §2, and the list and the outcomes of §6.</summary>
public sealed class StatusTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    [SkippableFact]
    public async Task A_queued_job_has_every_member()
    {
        var service = await shared.Service;
        var answer = await service.GetAsync(await SubmitAsync(service));
        Assert.Equal("application/json", answer.Header("Content-Type"));
        // In whatever order: the stored jsonb has its own, and what is stored is what is sent.
        Assert.Equal(
            ["completedAt", "jobId", "phase", "requestType", "result", "scheduledAt", "startedAt", "status", "submittedAt"], Names(answer.Json).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["deletedCount", "deletedItems", "failedCount", "processedCount", "retriesRemaining", "skipped", "skippedCount", "totalConversations"],
            Names(answer.Json.GetProperty("result")).Order(StringComparer.Ordinal));
        Assert.Equal("queued", answer.Member("status"));
        Assert.Equal("waiting", answer.Member("phase"));
        Assert.NotEqual("", answer.Member("scheduledAt"));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, answer.Json.GetProperty("startedAt").ValueKind);
        Assert.Equal(3, answer.Json.GetProperty("result").GetProperty("retriesRemaining").GetInt32());
    }

    [SkippableFact]
    public async Task What_is_sent_is_the_stored_text()
    {
        var service = await shared.Service;
        var path = await SubmitAsync(service);
        var stored = await service.QueryAsync<string>($"select data::text from ledger.mt_doc_jobstatus where id = '{path[(path.LastIndexOf("cdj-", StringComparison.Ordinal) + 4)..]}'");
        Assert.Equal(stored, (await service.GetAsync(path)).Body);
    }

    [SkippableFact]
    public async Task An_etag_saves_sending_the_document_again()
    {
        var service = await shared.Service;
        var path = await SubmitAsync(service);
        var first = (await service.GetAsync(path)).Is(200);
        var etag = first.Response.Headers.ETag!;
        Assert.False(etag.IsWeak);
        Assert.Equal("private, no-cache", first.Header("Cache-Control")?.Replace("no-cache, private", "private, no-cache", StringComparison.Ordinal));
        Assert.True(int.Parse(first.Header("Retry-After")!) > 0);

        foreach (var known in new[] { etag.ToString(), $"W/{etag}", $"\"other\", {etag}", "*" })
        {
            var answer = (await service.SendAsync(Conditional(service, path, known))).Is(304);
            Assert.Empty(answer.Body);
            Assert.Equal(etag, answer.Response.Headers.ETag);
        }
        foreach (var other in new[] { "\"other\"", "W/\"other\"", etag.ToString().Trim('"'), "", "\"", ",,," })
            (await service.SendAsync(Conditional(service, path, other))).Is(200);
    }

    [SkippableTheory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json")]
    [InlineData(null)]
    public async Task An_empty_post_answers_as_get(string? contentType)
    {
        var service = await shared.Service;
        var path = await SubmitAsync(service);
        var request = service.Request(HttpMethod.Post, path);
        request.Content = new ByteArrayContent([]);
        request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        var answer = (await service.SendAsync(request)).Is(200);
        Assert.Equal((await service.GetAsync(path)).Body, answer.Body);
        Assert.NotNull(answer.Response.Headers.ETag);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_post_with_a_body_is_400(bool chunked)
    {
        var service = await shared.Service;
        var request = service.Request(HttpMethod.Post, await SubmitAsync(service), "{}");
        request.Headers.TransferEncodingChunked = chunked;
        var answer = await service.RefusedAsync(request, 400, 400, "the body must be empty");
        Assert.Null(answer.Response.Headers.ETag);
    }

    [SkippableFact]
    public async Task Another_bots_job_an_unknown_one_and_what_is_no_job_id_are_the_same_404()
    {
        var service = await shared.Service;
        var job = (await SubmitAsync(service)).Split('/')[^1];
        string[] paths =
        [
            $"{ApiService.DeletionsOf(ApiService.OtherBot)}/{job}",
            $"{service.Deletions}/cdj-00000000-0000-5000-8000-000000000000",
            $"{service.Deletions}/{job.ToUpperInvariant()}",
            $"{service.Deletions}/{job[4..]}",
            $"{service.Deletions}/x",
            $"{service.Deletions}/%01",
        ];
        foreach (var path in paths)
        {
            (await service.GetAsync(path)).IsError(404, 404, "there is no such job");
            (await service.SendAsync(service.Request(HttpMethod.Post, path))).IsError(404, 404, "there is no such job");
            (await service.GetAsync($"{path}/outcomes")).IsError(404, 404, "there is no such job");
        }
    }

    [SkippableFact]
    public async Task The_list_has_the_bots_jobs_newest_first_page_by_page()
    {
        await using var service = await ApiService.StartAsync();
        var submitted = new List<string>();
        for (var i = 0; i < 5; i++)
            submitted.Add((await SubmitAsync(service)).Split('/')[^1]);
        (await service.SubmitAsync("""{"cId":"u"}""", bot: ApiService.OtherBot)).Is(202);

        var listed = new List<string>();
        string? next = null;
        do
        {
            var page = (await service.GetAsync($"{service.Deletions}?limit=2&after={next}", service.Token(Scope.LedgerAudit))).Is(200);
            Assert.Equal(["jobs", "next"], Names(page.Json));
            Assert.Equal("no-store", page.Header("Cache-Control"));
            listed.AddRange(page.Json.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("jobId").GetString()!));
            next = page.Json.GetProperty("next").GetString();
        }
        while (next is not null);
        Assert.Equal(submitted.Order(), listed.Order());
        var times = new List<string>();
        foreach (var job in listed)
            times.Add((await service.GetAsync($"{service.Deletions}/{job}")).Member("submittedAt"));
        Assert.Equal(times.OrderDescending(StringComparer.Ordinal), times);
        Assert.Equal("""{"jobs":[],"next":null}""", (await service.GetAsync($"{service.Deletions}?status=completed")).Is(200).Body);
        Assert.Equal(5, (await service.GetAsync($"{service.Deletions}?status=queued")).Json.GetProperty("jobs").GetArrayLength());
    }

    [SkippableTheory]
    [InlineData("?limit=0", "limit must be a whole number from 1 to 100")]
    [InlineData("?limit=101", "limit must be")]
    [InlineData("?limit=-1", "limit must be")]
    [InlineData("?limit=1e1", "limit must be")]
    [InlineData("?limit=99999999999999999999", "limit must be")]
    [InlineData("?limit=1&limit=2", "limit is there more than once")]
    [InlineData("?status=done", "status must be one of")]
    [InlineData("?Status=queued", "query parameter 1 is unknown")]
    [InlineData("?status=queued&offset=1", "query parameter 2 is unknown")]
    [InlineData("?after=x", "after must be")]
    [InlineData("?after=%ff%00", "after must be")]
    public async Task A_bad_query_of_the_list_is_named(string query, string message)
    {
        var service = await shared.Service;
        (await service.GetAsync(service.Deletions + query)).IsError(400, 400, message);
    }

    [SkippableTheory]
    [InlineData("?limit=1001", "limit must be a whole number from 1 to 1000")]
    [InlineData("?after=-1", "after must be a whole number from 0 on")]
    [InlineData("?outcome=open", "outcome must be one of deleted, failed, skipped, pending")]
    [InlineData("?x=1", "query parameter 1 is unknown")]
    public async Task A_bad_query_of_the_outcomes_is_named(string query, string message)
    {
        var service = await shared.Service;
        (await service.GetAsync($"{await SubmitAsync(service)}/outcomes{query}")).IsError(400, 400, message);
    }

    [SkippableFact]
    public async Task Outcomes_are_for_the_submitting_client_and_for_auditors()
    {
        var service = await shared.Service;
        var path = $"{await SubmitAsync(service)}/outcomes";
        var answer = (await service.GetAsync(path)).Is(200);
        Assert.Equal(["jobId", "outcomes", "next"], Names(answer.Json));
        Assert.Equal(answer.Body, (await service.GetAsync(path, service.Token(Scope.LedgerAudit))).Is(200).Body);
        (await service.GetAsync(path, service.Token(Scope.LogsHistory))).IsError(403, 4002);

        var secret = System.Security.Cryptography.RandomNumberGenerator.GetBytes(64);
        await service.AddClientAsync("cs-another", secret: secret, scopes: Scope.DeleteConversations);
        var another = Ledger.Tests.Http.Tokens.HS256(secret, """{"appId":"cs-another"}""");
        (await service.GetAsync(path, another)).IsError(403, 4002, "Permission denied. Scope is incorrect!");
        (await service.GetAsync(path[..^"/outcomes".Length], another)).Is(200);
    }

    private static HttpRequestMessage Conditional(ApiService service, string path, string etags)
    {
        var request = service.Request(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("If-None-Match", etags);
        return request;
    }

    private static IEnumerable<string> Names(System.Text.Json.JsonElement json) => json.EnumerateObject().Select(member => member.Name);

    private static async Task<string> SubmitAsync(ApiService service) =>
        (await service.SubmitAsync("""{"conversationIds":["c-1"]}""")).Is(202).Header("Location")!;
}
