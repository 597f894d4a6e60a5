using Ledger.Contracts.Registry;

namespace Ledger.SystemTests.Http;

/// <summary>The query parameters of every call that takes some: known ones, once, in their own letter case.</summary>
public sealed class QueryTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    [SkippableTheory]
    [InlineData("limit=1&limit=2", "limit is there more than once")]
    [InlineData("limit=1&limit=1", "limit is there more than once")]
    [InlineData("limit=&limit=2", "limit is there more than once")]
    [InlineData("limit=1&%6cimit=2", "limit is there more than once")]
    [InlineData("Limit=1", "it is limit in another letter case")]
    [InlineData("limit=1&LIMIT=2", "it is limit in another letter case")]
    [InlineData("LIMIT=1&limit=2", "it is limit in another letter case")]
    [InlineData("=1", "query parameter 1 has no name")]
    [InlineData("limit=1&=", "query parameter 2 has no name")]
    [InlineData("page=1", "query parameter 1 is unknown (page)")]
    [InlineData("limit=%ff", "limit must be a whole number")]
    [InlineData("limit=+1", "limit must be a whole number")]
    [InlineData("limit=0", "limit must be a whole number")]
    [InlineData("limit=1%00", "limit must be a whole number")]
    public async Task A_parameter_that_is_unknown_or_ambiguous_is_refused_by_every_list(string query, string message)
    {
        var service = await shared.Service;
        var job = (await service.SubmitAsync("""{"cId":"u"}""")).Header("Location")!;
        foreach (var (path, scope) in new[]
        {
            (service.Deletions, Scope.DeleteConversations), ($"{job}/outcomes", Scope.DeleteConversations),
            ($"/api/public/bot/{Uri.EscapeDataString(service.Bot)}/changelogs", Scope.LogsHistory),
        })
            (await service.GetAsync($"{path}?{query}", service.Token(scope))).IsError(400, 400, message);
    }

    [SkippableTheory]
    [InlineData("events", "asOf", Scope.LedgerAudit)]
    [InlineData("proof", "ids", Scope.DeleteConversations)]
    [InlineData("certificate", "format", Scope.DeleteConversations)]
    public async Task So_is_one_of_a_call_with_a_parameter_of_its_own(string call, string parameter, Scope scope)
    {
        var service = await shared.Service;
        var job = (await service.SubmitAsync("""{"cId":"u"}""")).Header("Location")!;
        foreach (var (query, message) in new[]
        {
            ($"{parameter}=1&{parameter}=2", "more than once"), ($"{parameter.ToUpperInvariant()}=1", "another letter case"),
            ("=1", "has no name"), ("dryRun=1", "query parameter 1 is unknown (dryRun)"),
        })
            (await service.GetAsync($"{job}/{call}?{query}", service.Token(scope))).IsError(400, 400, message);
        if (call == "proof")
        {
            var request = service.Request(HttpMethod.Post, $"{job}/proof?dryRun=1", """{"conversationId":"c"}""");
            (await service.SendAsync(request)).IsError(400, 400, "query parameter 1 is unknown (dryRun)");
        }
    }

    [SkippableFact]
    public async Task An_empty_value_is_none_and_many_unknown_names_give_a_small_answer()
    {
        var service = await shared.Service;
        (await service.GetAsync($"{service.Deletions}?limit=&status=&after=&")).Is(200);
        var many = string.Join('&', Enumerable.Range(0, 900).Select(n => $"p{n}=1"));
        var answer = (await service.GetAsync($"{service.Deletions}?{many}")).IsError(400, 400, "and 890 more: mend these first");
        Assert.InRange(answer.Body.Length, 1, 4096);
    }
}
