using System.Net;
using Ledger.SystemTests.Browser;
using Microsoft.Playwright;

namespace Ledger.SystemTests.Reference;

/// <summary><c>/docs</c> in a browser.</summary>
public sealed class DocsPageTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task It_shows_every_operation_and_tries_one_out_without_asking_another_host()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        await using var service = await shared.WithOwnBotAsync();
        // Swagger UI behaves differently on localhost.
        var host = $"http://{Chromium.NotLocalhost}:{service.Client.BaseAddress!.Port}";
        var page = await Chromium.OpenAsync(new Uri(host));
        var (asked, complaints) = (new List<string>(), new List<string>());
        page.Request += (_, request) => asked.Add(request.Url);
        page.Console += (_, message) => complaints.AddRange(message.Type is "error" or "warning" ? [message.Text] : []);
        page.PageError += (_, error) => complaints.Add(error);

        Assert.Equal(200, (await page.GotoAsync("/docs/index.html"))!.Status);
        var document = await ApiDocument.LoadAsync(service.Client);
        var ids = document.Operations.Select(operation => operation.Id).ToArray();
        await Assertions.Expect(page.Locator($"[id$='-{ids[^1]}']").First).ToBeVisibleAsync();
        const string Missing = "ids => ids.filter(id => !document.querySelector(`[id$='-${id}']`)?.checkVisibility())";
        Assert.Empty(await page.EvaluateAsync<string[]>(Missing, ids));

        await page.Locator(".btn.authorize").First.ClickAsync();
        await page.Locator(".auth-container input[aria-label='auth-apiKey-value'], .auth-container input[type=text]")
            .First.FillAsync(service.Token());
        await page.Locator(".auth-btn-wrapper .authorize").First.ClickAsync();
        await page.Locator(".btn-done").First.ClickAsync();

        var list = page.Locator("[id$='-listDeletionJobs']");
        await list.ClickAsync();
        await list.Locator(".try-out__btn").ClickAsync();
        await list.Locator("[data-param-name=botId] input").FillAsync(service.Bot);
        await list.Locator("[data-param-name=after] input").FillAsync("");
        await list.Locator("[data-param-name=limit] input").FillAsync("20");
        await list.Locator(".execute").ClickAsync();
        await Assertions.Expect(list.Locator(".live-responses-table tbody .response-col_status").First).ToContainTextAsync("200");
        await KeepAsync(page);

        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
        Assert.All(
            asked.Where(url => !url.StartsWith("data:", StringComparison.Ordinal)),
            url => Assert.StartsWith($"{host}/", url, StringComparison.Ordinal));
        var listed = $"{host}/api/public/bot/{service.Bot}/conversations/delete?";
        Assert.Contains(asked, url => url.StartsWith(listed, StringComparison.Ordinal));
        await page.Context.CloseAsync();
    }

    [SkippableFact]
    public async Task Whatever_it_loads_may_come_from_here_alone_and_what_is_not_there_is_404()
    {
        await using var service = await shared.WithOwnBotAsync();
        using var page = await service.Client.GetAsync(new Uri("/docs", UriKind.Relative)); // which leads to its index
        Assert.Equal("/docs/index.html", page.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        Assert.Contains("; script-src 'self'; ", policy, StringComparison.Ordinal);
        using var missing = await service.Client.GetAsync(new Uri("/docs/nothing", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("""{"errors":[{"msg":"there is nothing at this path","code":404}]}""", await missing.Content.ReadAsStringAsync());
    }

    /// <summary>For people to look at, where they say.</summary>
    private static async Task KeepAsync(IPage page)
    {
        if (Environment.GetEnvironmentVariable("LEDGER_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, "docs.png"), FullPage = true });
    }
}
