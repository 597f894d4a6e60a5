using Ledger.Registry;

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
}
