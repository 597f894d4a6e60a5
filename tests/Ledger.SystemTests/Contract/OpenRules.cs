using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.SystemTests.Cli;

namespace Ledger.SystemTests.Contract;

/// <summary>
/// What the contract promises and a later part builds: each scenario holds as long as it is not there. Who builds it deletes the scenario
/// here, writes the rule's own, and changes the rule's row in <c>rules.md</c>.
/// </summary>
public sealed class OpenRules(ContractHost host) : ContractTest(host)
{
    private const string Nobody = """{"cId":"nobody"}""";

    [SkippableFact]
    public async Task No_scope_can_be_granted_for_all_bots()
    {
        var grant = new GrantClient("*", TestService.ClientId, [Scope.LedgerAudit], "test", null);
        var rejection = await Node.Registry.ExecuteAsync("*", grant, CancellationToken.None);
        Assert.Contains("there is no such bot", rejection?.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Limits_cannot_be_configured()
    {
        foreach (var option in new[] { "--submits-per-minute", "--submits-per-hour", "--polls-per-minute", "--polls-per-hour" })
            Assert.Contains(option, (await CliDatabase.RunAsync(["serve", option, "1"])).Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task No_answer_has_a_request_id()
    {
        foreach (var answer in new[] { await SubmitAsync(Nobody), await GetAsync("/health/live"), await GetAsync("/nowhere", 404) })
            Assert.Null(answer.Header("X-Request-Id"));
    }

    [SkippableFact]
    public async Task No_answer_has_rate_limit_headers()
    {
        var answer = await SubmitAsync(Nobody);
        Assert.DoesNotContain(answer.Response.Headers, header => header.Key.StartsWith("RateLimit", StringComparison.OrdinalIgnoreCase));
    }

    [SkippableFact]
    public async Task Head_is_a_method_that_no_path_knows()
    {
        var job = await JobAsync(Nobody);
        foreach (var (path, allowed) in new[]
        {
            (Deletions, "GET, POST"), (job, "DELETE, GET, PATCH, POST"), ($"{job}/outcomes", "GET"), ($"{job}/proof", "GET, POST"),
        })
        {
            var answer = await AnswerAsync(405, s => s.Target("HEAD", path).As(null));
            Assert.Equal(allowed, answer.Header("Allow"));
        }
    }
}
