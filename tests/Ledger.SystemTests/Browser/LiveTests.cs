using System.Text.RegularExpressions;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.SystemTests.Proofs;
using Microsoft.Playwright;

namespace Ledger.SystemTests.Browser;

/// <summary>A node whose batches are smaller than the tests' jobs.</summary>
public sealed class SmallBatches() : SharedService(new TestServiceOptions { Execution = new() { BatchSize = 5 } });

/// <summary>A job is watched from the browser to its end, and its files are fetched.</summary>
public sealed class LiveTests(SmallBatches shared) : IClassFixture<SmallBatches>
{
    [SkippableFact]
    public async Task A_job_completes_before_ones_eyes_without_a_reload_and_its_proof_and_certificate_are_then_downloaded()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 12, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        var (page, problems) = await Visitor.OpenAsync(service);
        await page.SignInAsync(service.Token(), Visitor.Job(service.Bot, job));
        await page.EvaluateAsync("() => { document.body.dataset.since = 'the first load'; }");
        await Eventually(page, "#live-note", "Live");
        Assert.Contains("waiting", await page.Locator("#part-state").InnerTextAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, await page.Locator("#file-proof").CountAsync());

        await service.WriteLogAsync();
        await service.Services.RunSliceAsync("test"); // makes the list
        await Eventually(page, "[data-count=totalConversations]", "12");
        await Eventually(page, "#part-state", "running");
        await service.RunSlicesAsync();
        await Eventually(page, "[data-count=deletedCount]", "12");
        await Eventually(page, "#part-state", "completed");
        await Eventually(page, "[data-item=messages]", "12");
        Assert.Equal(
            1, await page.EvaluateAsync<double>("() => document.getElementById('bar').value / document.getElementById('bar').max"));
        Assert.Equal("the first load", await page.EvaluateAsync<string>("() => document.body.dataset.since"));

        await AssertProofAsync(page, service);
        await AssertCertificateAsync(page, job);
        Assert.Empty(problems);
        await page.Context.CloseAsync();
    }

    [SkippableFact]
    public async Task Without_JavaScript_a_reload_says_the_same()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 12, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var person = new Person(service);
        await person.SignInAsync(service.Token());
        Assert.Contains("Waits for its window", await person.TextAsync(Visitor.Job(service.Bot, job)), StringComparison.Ordinal);
        await service.RunSlicesAsync();
        var done = await person.TextAsync(Visitor.Job(service.Bot, job));
        Assert.Contains("list is gone, and was looked for again and not found.", done, StringComparison.Ordinal);
        Assert.Contains("12</span> of", done, StringComparison.Ordinal);
        Assert.DoesNotContain("live.js", done, StringComparison.Ordinal);
    }

    private static async Task AssertProofAsync(IPage page, TestService service)
    {
        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("#file-proof").ClickAsync());
        Assert.EndsWith(".erasure-proof", download.SuggestedFilename, StringComparison.Ordinal);
        await using var proof = await download.CreateReadStreamAsync();
        Assert.NotNull(await Verification.CheckAsync(proof, new Trust(service.LogKey(), [])));
    }

    private static async Task AssertCertificateAsync(IPage page, string job)
    {
        await page.Locator("#file-certificate").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/certificate"));
        await Assertions.Expect(page.Locator("body")).ToContainTextAsync(job);
        await Assertions.Expect(page).ToHaveTitleAsync(new Regex("ertificate"));
    }

    private static Task Eventually(IPage page, string place, string text) =>
        Assertions.Expect(page.Locator(place)).ToContainTextAsync(text, new() { IgnoreCase = true });
}
