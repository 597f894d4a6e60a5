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
    public Task A_case_is_an_unknown_member() =>
        RefusedSubmitAsync("""{"cId":"u","case":{"reference":"r-1","basis":"gdpr_17_1_a"}}""", "member 2 is unknown");

    [SkippableFact]
    public async Task A_job_cannot_be_changed()
    {
        var job = await JobAsync(Nobody);
        await RefusedAsync(405, 405, "GET, HEAD, POST", s => s.Target("PATCH", job).Sending("""{"dueOn":"2030-01-01","reason":"r"}"""));
    }

    [SkippableFact]
    public Task A_preview_is_an_unknown_job() =>
        RefusedAsync(404, 404, "there is no such job", s => s.Target("POST", $"{Deletions}/preview").Sending(Nobody));

    [SkippableFact]
    public async Task A_job_cannot_be_cancelled()
    {
        var job = await JobAsync(Nobody);
        await RefusedAsync(405, 405, "GET, HEAD, POST", s => s.Target("DELETE", job));
    }

    [Fact]
    public void A_bot_cannot_be_paused() => Assert.DoesNotContain(
        typeof(RegistryCommand).Assembly.GetTypes(),
        type => type.IsSubclassOf(typeof(RegistryCommand)) && type.Name.Contains("Pause", StringComparison.Ordinal));

    [SkippableFact]
    public Task A_legal_hold_has_no_path() => RefusedAsync(
        404, 404, "there is nothing at this path", s => s.Target("POST", $"/api/public/bot/{Bot}/legal-holds").Sending(Nobody));

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
}
