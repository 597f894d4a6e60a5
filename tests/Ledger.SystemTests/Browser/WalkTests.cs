using System.Net;
using Ledger.Contracts.Registry;
using Microsoft.Playwright;

namespace Ledger.SystemTests.Browser;

/// <summary>
/// Every page, with and without each scope: nothing is shown that is not granted, and a page with nothing granted says which scope it
/// needs.
/// </summary>
[Collection(nameof(ConsoleScene))]
public sealed class WalkTests(ConsoleScene scene, ConsolePage visited) : IClassFixture<ConsolePage>
{
    /// <summary>What each page answers a client with this scope alone, for <see cref="TestService.Bot"/> alone.</summary>
    [SkippableTheory]
    [InlineData(Scope.DeleteConversations, true, false)]
    [InlineData(Scope.LedgerAudit, true, true)]
    [InlineData(Scope.ErasureProofs, false, false)]
    [InlineData(Scope.LogsHistory, false, false)]
    [InlineData(Scope.LegalHolds, false, false)]
    public async Task A_page_is_shown_with_its_scope_and_without_it_says_which_one_it_needs(Scope scope, bool jobs, bool audit)
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await scene.Service;
        var (page, problems) = await visited.OfAsync(service);
        await page.EnterAsync(service, service.Token(scope));
        var isRefusalSeen = false;
        foreach (var (path, isGranted, needs) in new[]
        {
            ("/", true, ""), ("/log", true, ""), ("/jobs", jobs, "“Delete Conversations” or “Ledger Audit”"),
            (Visitor.Job(service.Bot, scene.Completed), jobs, "“Delete Conversations” or “Ledger Audit”"),
            ("/bots", audit, "“Ledger Audit”"),
            ("/messages", audit, "“Ledger Audit”"),
        })
        {
            // All refusals are of one make: one is seen by the browser.
            if (!isGranted && isRefusalSeen)
            {
                await AssertRefusedAsync(page, path, needs);
                continue;
            }
            isRefusalSeen |= !isGranted;
            var answer = await page.GotoAsync(path);
            Assert.Equal((path, isGranted ? 200 : 403), (path, answer!.Status));
            Assert.Contains(needs, isGranted ? "" + needs : await page.TextAsync(), StringComparison.Ordinal);
            Assert.Equal(1, await page.Locator("h1").CountAsync());
            if (path == "/")
                await AssertOverviewAsync(page, jobs, audit);
            if (isGranted && path.StartsWith("/jobs/", StringComparison.Ordinal))
                await AssertJobAsync(page, service, scope);
        }
        await AssertOthersAreHiddenAsync(page, service, jobs);
        Assert.Empty(problems);
    }

    [SkippableFact]
    public async Task With_every_scope_every_page_says_what_there_is()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await scene.Service;
        var (page, problems) = await visited.OfAsync(service);
        await page.SignInAsync(service.Token());
        Assert.Contains("1,1", await page.TextAsync(), StringComparison.Ordinal); // 1,051 in five nights and 53 tonight
        Assert.Equal(1, await page.Locator("nav a[aria-current=page]").CountAsync());

        await page.GotoAsync("/jobs");
        foreach (var name in new[] { ConsoleScene.ScriptBot, ConsoleScene.RightToLeftBot, ConsoleScene.LongBot, service.Bot })
            Assert.True(await page.GetByText(name, new() { Exact = true }).CountAsync() > 0, name);

        await page.GotoAsync(Visitor.Job(service.Bot, scene.Retrying));
        var job = await page.TextAsync();
        Assert.Contains("The store refused", job, StringComparison.Ordinal);
        Assert.Contains("13 erased, 7 failed", job, StringComparison.Ordinal);
        Assert.Contains("Planned to be tried again", job, StringComparison.Ordinal);

        await page.GotoAsync("/log");
        var log = await page.TextAsync();
        Assert.Contains(Ledger.SystemTests.Proofs.Proving.LogKey(service).ToString(), log, StringComparison.Ordinal);
        Assert.Contains("all of (north, south)", log, StringComparison.Ordinal);
        Assert.DoesNotContain("not checked here", log, StringComparison.Ordinal);

        await page.GotoAsync("/bots");
        var bots = await page.TextAsync();
        Assert.Contains("400 days", bots, StringComparison.Ordinal);
        Assert.Contains("Europe/Berlin", bots, StringComparison.Ordinal);
        Assert.Contains("Delete Conversations, Logs History, Erasure Proofs, Ledger Audit, Legal Holds", bots, StringComparison.Ordinal);
        Assert.Empty(problems);
    }

    [SkippableFact]
    public async Task Jobs_are_found_by_their_id_and_filtered_by_bot_and_state()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await scene.Service;
        var (page, problems) = await visited.OfAsync(service);
        await page.EnterAsync(service, service.Token());
        await page.GotoAsync("/jobs");
        await page.GetByLabel("Job id").FillAsync(scene.OfScriptBot);
        await page.LeaveAsync(() => page.GetByLabel("Job id").PressAsync("Enter"));
        Assert.Contains(scene.OfScriptBot, await page.HeadingAsync(), StringComparison.Ordinal);
        Assert.Contains(ConsoleScene.ScriptBot, await page.TextAsync(), StringComparison.Ordinal);

        await page.GotoAsync("/jobs?job=cdj-00000000-0000-5000-8000-000000000000");
        Assert.Contains("There is no job with this id", await page.TextAsync(), StringComparison.Ordinal);

        await page.GetByLabel("Bot").SelectOptionAsync(ConsoleScene.ScriptBot);
        await page.FollowAsync(page.GetByRole(AriaRole.Button, new() { Name = "Show" }));
        Assert.Equal([scene.OfScriptBot], await page.Locator("tbody th a").AllInnerTextsAsync());
        await page.GotoAsync("/jobs?status=queued");
        Assert.Equal(3, await page.Locator("tbody tr").CountAsync());
        Assert.Equal(400, (await page.GotoAsync("/jobs?status=lost"))!.Status);
        Assert.Equal(400, (await page.GotoAsync("/jobs?after=nothing"))!.Status);
        Assert.Empty(problems);
    }

    [SkippableFact]
    public async Task A_message_that_was_not_delivered_says_why_and_is_sent_again_on_demand()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await scene.Service;
        var (page, problems) = await visited.OfAsync(service);
        await page.EnterAsync(service, service.Token(Scope.LedgerAudit));
        await page.GotoAsync("/messages?show=undelivered");
        Assert.Contains("to be retried", await page.TextAsync(), StringComparison.OrdinalIgnoreCase);
        var before = await service.ScalarAsync<long>(
            "select count(*) from ledger.deliveries where attempts > 0 and bot_id = $1", service.Bot);
        await page.FollowAsync(page.GetByRole(AriaRole.Button, new() { Name = "Send again the webhook message" }).First);
        Assert.Contains("It is sent again now", await page.TextAsync(), StringComparison.Ordinal);
        Assert.Equal(
            before - 1,
            await service.ScalarAsync<long>("select count(*) from ledger.deliveries where attempts > 0 and bot_id = $1", service.Bot));
        Assert.Equal(
            1,
            await service.ScalarAsync<long>(
                "select count(*) from ledger.deliveries where replayed_by like 'cs-%' and bot_id = $1", service.Bot)
        );
        Assert.Empty(problems);
    }

    [SkippableFact]
    public async Task The_pages_are_walked_by_keyboard_from_the_skip_link_on()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await scene.Service;
        var (page, _) = await visited.OfAsync(service);
        await page.EnterAsync(service, service.Token());
        await page.GotoAsync("/jobs");
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the content", await page.EvaluateAsync<string>("document.activeElement.textContent"));
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("job", await page.EvaluateAsync<string>("document.activeElement.id"));
        Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
    }

    private static async Task AssertRefusedAsync(IPage page, string path, string needs)
    {
        var answer = await page.APIRequest.GetAsync(path, new() { Headers = new Dictionary<string, string> { ["Accept"] = "text/html" } });
        Assert.Equal((path, 403), (path, answer.Status));
        var html = WebUtility.HtmlDecode(await answer.TextAsync());
        Assert.Contains(needs, html, StringComparison.Ordinal);
        Assert.Equal(2, html.Split("<h1").Length);
    }

    private static async Task AssertOverviewAsync(IPage page, bool jobs, bool audit)
    {
        Assert.Equal(jobs ? 4 : 0, await page.Locator(".tile").CountAsync());
        Assert.Equal(jobs ? 1 : 0, await page.Locator(".chart").CountAsync());
        Assert.Equal(audit ? 1 : 0, await page.GetByRole(AriaRole.Heading, new() { Name = "Next windows" }).CountAsync());
        Assert.Equal(audit ? 1 : 0, await page.GetByText("not delivered yet").CountAsync());
        Assert.Equal(1, await page.GetByRole(AriaRole.Heading, new() { Name = "Transparency log" }).CountAsync());
    }

    private async Task AssertJobAsync(IPage page, TestService service, Scope scope)
    {
        Assert.Equal(scope == Scope.LedgerAudit ? 1 : 0, await page.GetByRole(AriaRole.Heading, new() { Name = "Timeline" }).CountAsync());
        Assert.Equal(scope == Scope.LedgerAudit ? 1 : 0, await page.Locator("#file-events").CountAsync());
        // Another client submitted it, and neither scope is Erasure Proofs.
        Assert.Equal(0, await page.Locator("#file-proof, #file-certificate").CountAsync());
        Assert.Equal(403, (await page.Context.APIRequest.GetAsync($"{service.Deletions}/{scene.Completed}/proof")).Status);
    }

    private async Task AssertOthersAreHiddenAsync(IPage page, TestService service, bool jobs)
    {
        foreach (
            var path in new[]
            {
                Visitor.Job("st-other", scene.OfOtherBot),
                Visitor.Job(service.Bot, scene.OfOtherBot),
                Visitor.Job("no-bot", scene.Completed),
            }
        )
        {
            // Without a scope for its jobs, whether there is such a job is not said either.
            var expected = path.StartsWith($"/jobs/{service.Bot}", StringComparison.Ordinal) && !jobs ? 403 : 404;
            Assert.Equal((path, expected), (path, (await page.Context.APIRequest.GetAsync(path)).Status));
        }
        if (!jobs)
            return;
        await page.GotoAsync($"/jobs?job={scene.OfOtherBot}");
        Assert.Contains("There is no job with this id", await page.TextAsync(), StringComparison.Ordinal);
        await page.GotoAsync("/jobs");
        Assert.DoesNotContain("st-other", await page.TextAsync(), StringComparison.Ordinal);
    }
}
