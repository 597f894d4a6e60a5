using System.Net;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.SystemTests.Browser;
using Ledger.SystemTests.Http;
using Ledger.Web;

namespace Ledger.SystemTests.Certificates;

/// <summary>A node without a Chromium.</summary>
public sealed class ServiceWithoutChromium() : SharedService(new TestServiceOptions { Http = Options })
{
    public static readonly HttpOptions Options = new() { Submits = null, Polls = null, Chromium = null };
}

/// <summary>Who gets which form of a certificate, and when.</summary>
public sealed class CertificateAccessTests(ServiceWithoutChromium shared) : IClassFixture<ServiceWithoutChromium>
{
    [SkippableFact]
    public async Task Without_a_Chromium_Accept_decides_between_HTML_and_JSON_and_nothing_else_is_406()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await EndedAsync(service);
        foreach (var (accept, type) in new (string?, string?)[]
        {
            (null, "text/html"), ("*/*", "text/html"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"), // a browser
            ("application/json", "application/json"), ("application/*", "application/json"),
            ("text/html;q=0.4, application/json;q=0.6", "application/json"), ("text/html;q=0, */*", "application/json"),
            ("application/pdf, text/html;q=0.5", "text/html"), ("image/png", null), ("text/html;q=0", null), ("application/pdf", null),
        })
        {
            using var response = await service.AskForCertificateAsync(job, accept);
            if (type is null)
            {
                (await Answer.OfAsync(response)).IsError(
                    406, 406, accept == "application/pdf" ? "print that page" : "text/html, application/json or application/pdf");
                continue;
            }
            Assert.Equal((accept, HttpStatusCode.OK), (accept, response.StatusCode));
            Assert.Equal((accept, type), (accept, response.Content.Headers.ContentType!.MediaType));
            Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
            Assert.Equal("Accept", Assert.Single(response.Headers.Vary));
        }
    }

    [SkippableFact]
    public async Task A_link_names_the_form_in_the_query_and_what_else_it_says_is_refused()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await EndedAsync(service);
        using (var json = await service.AskForCertificateAsync(job, "text/html", "?format=json"))
            Assert.Equal("application/json", json.Content.Headers.ContentType!.MediaType);
        (await Answer.OfAsync(await service.AskForCertificateAsync(job, "text/html", "?format=pdf"))).IsError(406, 406, "has no Chromium");
        (await Answer.OfAsync(await service.AskForCertificateAsync(job, query: "?format=xml"))).IsError(400, 400, "format must be one of");
        (await Answer.OfAsync(await service.AskForCertificateAsync(job, query: "?paper=a3"))).IsError(400, 400, "paper must be one of");
        (await Answer.OfAsync(await service.AskForCertificateAsync(job, query: "?ids=true"))).IsError(400, 400, "is unknown");
    }

    [SkippableFact]
    public async Task The_submitting_client_and_erasure_proofs_get_it_and_nobody_else_does()
    {
        await using var service = await shared.WithOwnBotAsync();
        var submitter = service.Token(Scope.DeleteConversations);
        var job = await EndedAsync(service, submitter);
        foreach (var token in new[] { submitter, service.Token(Scope.ErasureProofs) })
            (await Answer.OfAsync(await service.AskForCertificateAsync(job, token: token))).Is(200);
        foreach (var token in new[] { service.Token(Scope.DeleteConversations, Scope.LedgerAudit), service.Token(Scope.LedgerAudit) })
            (await Answer.OfAsync(await service.AskForCertificateAsync(job, token: token))).IsError(403, 4002, "Permission denied");
        (await Answer.OfAsync(await service.AskForCertificateAsync(job, token: "no.to.ken"))).IsError(401, 4002, "Invalid SDK credentials");
        (await Answer.OfAsync(await service.AskForCertificateAsync(job, bot: await service.AddBotAsync()))).IsError(
            404, 404, "there is no such job");
        (await Answer.OfAsync(await service.AskForCertificateAsync("cdj-00000000-0000-5000-8000-000000000000"))).IsError(
            404, 404, "there is no such job");
    }

    [SkippableFact]
    public async Task Nothing_is_shown_of_a_job_that_has_not_ended_or_that_the_log_does_not_cover_yet()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "nobody" });
        (await Answer.OfAsync(await service.AskForCertificateAsync(job))).IsError(409, 409, "the job has not ended");
        await service.RunSlicesAsync();
        (await Answer.OfAsync(await service.AskForCertificateAsync(job))).Is(200);

        var uncovered = await service.SubmitAsync(new { cId = "nobody" });
        await service.Services.RunSliceAsync("test"); // and the log is not written
        var answer = await Answer.OfAsync(await service.AskForCertificateAsync(uncovered));
        answer.IsError(503, 503, "no published checkpoint yet");
        Assert.Equal("1", answer.Header("Retry-After"));
    }

    [SkippableFact]
    public async Task Links_lead_to_the_public_address_where_it_is_set_and_to_the_requests_host_where_it_is_not()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await EndedAsync(service);
        using var node = await service.AddNodeAsync(
            ServiceWithoutChromium.Options with { PublicUrl = new Uri("https://ledger.example.com/erasure/") });
        var links = (await service.JsonCertificateAsync(job, node)).GetProperty("verify");
        Assert.Equal($"https://ledger.example.com/erasure{service.Deletions}/{job}/proof", links.Text("proof"));
        Assert.Equal("https://ledger.example.com/erasure/verify", links.Text("page"));
        links = (await service.JsonCertificateAsync(job)).GetProperty("verify");
        Assert.StartsWith(service.Client.BaseAddress!.ToString(), links.Text("proof"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Once_its_key_is_destroyed_a_jobs_certificate_is_the_same()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await EndedAsync(service);
        var before = await service.JsonCertificateAsync(job);
        Assert.True(JobId.TryParse(job, out var id));
        await service.ExecuteAsync("delete from ledger.job_secrets where job_id = $1", id.Value);
        await service.ExecuteAsync("update ledger.job_manifest set sealed = null where job_id = $1", id.Value);
        var after = await service.JsonCertificateAsync(job);
        foreach (var member in before.EnumerateObject().Where(member => member.Name != "issuedAt"))
            Assert.Equal(member.Value.GetRawText(), after.GetProperty(member.Name).GetRawText());
    }

    [SkippableFact]
    public async Task A_Chromium_that_prints_nothing_is_answered_503_and_leaves_nothing_behind()
    {
        Requires.That(File.Exists("/bin/false"), "there is no /bin/false");
        await using var service = await shared.WithOwnBotAsync();
        using var node = await service.AddNodeAsync(ServiceWithoutChromium.Options with { Chromium = "/bin/false" });
        var job = await EndedAsync(service);
        using var answer = await service.AskForCertificateAsync(job, "application/pdf", node: node);
        (await Answer.OfAsync(answer)).IsError(503, 503, "print that page");
        Assert.Empty(Certifying.FoldersOf(job));
    }

    [SkippableFact]
    public async Task A_client_that_goes_away_ends_the_printing_and_nothing_is_left_of_it()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        await using var service = await shared.WithOwnBotAsync();
        using var node = await service.AddNodeAsync(new TestServiceOptions().Http);
        var job = await EndedAsync(service);
        using var gone = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{service.Deletions}/{job}/certificate?format=pdf")
        {
            Headers = { { "auth", service.Token() } },
        };
        var asked = node.SendAsync(request, gone.Token);
        await Execution.Steps.UntilAsync("no Chromium was started", () => Task.FromResult(
            Certifying.FoldersOf(job).Any(folder => Directory.Exists(Path.Combine(folder, "profile")))));
        var folder = Assert.Single(Certifying.FoldersOf(job));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await Execution.Steps.UntilAsync("its folder is left", () => Task.FromResult(!Directory.Exists(folder)));
    }

    private static async Task<string> EndedAsync(TestService service, string? token = null)
    {
        await service.AddConversationsAsync("a", 3, "user-1");
        using var response = await service.SendAsync(HttpMethod.Post, service.Deletions, new { cId = "user-1" }, token);
        var job = (await Answer.OfAsync(response)).Is(202).Member("jobId");
        await service.RunSlicesAsync();
        return job;
    }
}
