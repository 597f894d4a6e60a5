using Ledger.Contracts.Registry;

namespace Ledger.SystemTests.Http;

/// <summary>The list of jobs, and the outcomes of one, of contract §6.</summary>
public sealed class JobListTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
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

    private static IEnumerable<string> Names(System.Text.Json.JsonElement json) => json.EnumerateObject().Select(member => member.Name);

    private static async Task<string> SubmitAsync(ApiService service) =>
        (await service.SubmitAsync("""{"conversationIds":["c-1"]}""")).Is(202).Header("Location")!;
}
