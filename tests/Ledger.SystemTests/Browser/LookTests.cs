using Microsoft.Playwright;

namespace Ledger.SystemTests.Browser;

/// <summary>
/// How the pages look: nothing sticks out, overlaps or is cut off, on a phone and on a desk, light and dark; and nothing keeps people out
/// of them.
/// </summary>
[Collection(nameof(ConsoleScene))]
public sealed class LookTests(ConsoleScene scene, ConsolePage looked) : IClassFixture<ConsolePage>
{
    private static readonly string LayoutCheck = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "layout.js"));

    /// <summary>Where to leave screenshots, for eyes.</summary>
    private static readonly string? Screenshots = Environment.GetEnvironmentVariable("LEDGER_TESTS_SCREENSHOTS");

    [SkippableFact]
    public async Task No_page_scrolls_sideways_or_cuts_or_overlaps_text_and_axe_finds_no_violation()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await scene.Service;
        var (page, problems) = await looked.OfAsync(service);
        var wrong = new List<string>();
        foreach (var (name, path) in Public())
            await LookAsync(page, name, path, wrong);
        await page.SignInAsync("not-a-token");
        await LookAsync(page, "login-refused", null, wrong);
        await page.SignInAsync(service.Token());
        foreach (var (name, path) in SignedIn(service))
            await LookAsync(page, name, path, wrong);
        await page.GotoAsync("/");
        await page.Locator("summary").ClickAsync();
        await LookAsync(page, "overview-numbers", null, wrong);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(problems);
    }

    [SkippableFact]
    public async Task The_layout_check_finds_what_sticks_out_what_overlaps_and_what_is_cut_off()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var (page, _) = await looked.OfAsync(await scene.Service);
        await page.GotoAsync("/login");
        Assert.Empty(await page.EvaluateAsync<string[]>(LayoutCheck));
        foreach (
            var (style, text, problem) in new[]
            {
                ("width: 3000px", "wide", "the page scrolls sideways"),
                ("width: 3000px", "wide", "content sticks out"),
                ("position: absolute; left: -40px; top: 0", "lost to the left", "outside the page"),
                ("width: 3em; overflow: hidden; white-space: nowrap", "cut off on its right", "text is cut off"),
                ("height: 1em; overflow: hidden; line-height: 3", "cut off below", "text is cut off"),
                ("margin-top: -1.5em; width: max-content", "over the one before", "texts overlap"),
            }
        )
        {
            await page.EvaluateAsync(
                "([style, text]) => { const p = document.createElement('p'); p.id = 'planted'; p.style.cssText = style; p.textContent = "
                + "text; document.querySelector('main h1').after(p); }",
                new[] { style, text });
            Assert.Contains(await page.EvaluateAsync<string[]>(LayoutCheck), found => found.Contains(problem, StringComparison.Ordinal));
            await page.EvaluateAsync("() => document.getElementById('planted').remove()");
        }
    }

    [SkippableFact]
    public async Task Axe_finds_a_planted_violation()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var (page, _) = await looked.OfAsync(await scene.Service);
        await page.GotoAsync("/login");
        await page.EvaluateAsync("() => { document.querySelector('label').remove(); document.querySelector('h2').style.color = '#ddd'; }");
        var violations = await AxeCore.ViolationsAsync(page);
        Assert.Contains(violations, violation => violation.StartsWith("label ", StringComparison.Ordinal));
        Assert.Contains(violations, violation => violation.StartsWith("color-contrast ", StringComparison.Ordinal));
    }

    private static IEnumerable<(string Name, string Path)> Public() =>
        [("login", "/login"), ("not-found-public", "/nothing/here"), ("verify", "/verify")];

    private IEnumerable<(string Name, string? Path)> SignedIn(TestService service) =>
        [
            ("overview", "/"), ("jobs", "/jobs"), ("jobs-not-found", "/jobs?job=cdj-nothing"), ("jobs-none", "/jobs?status=cancelled"),
            ("job-completed", Visitor.Job(service.Bot, scene.Completed)), ("job-retrying", Visitor.Job(service.Bot, scene.Retrying)),
            ("job-waiting", Visitor.Job(service.Bot, scene.Waiting)),
            ("job-script", Visitor.Job(ConsoleScene.ScriptBot, scene.OfScriptBot)), ("log", "/log"), ("bots", "/bots"),
            ("messages", "/messages"), ("messages-undelivered", "/messages?show=undelivered"), ("verify-signed-in", "/verify"),
            ("certificate", $"{service.Deletions}/{scene.Completed}/certificate?format=html"), ("not-found", "/nothing/here"),
            ("job-not-found", Visitor.Job(service.Bot, "cdj-nothing")),
        ];

    /// <summary>On a phone and on a desk, light and dark. No page has a script that asks for either, so each is loaded once.</summary>
    /// <param name="path">Null: the page that is open.</param>
    private static async Task LookAsync(IPage page, string name, string? path, List<string> wrong)
    {
        if (path is not null)
            await page.GotoAsync(path);
        foreach (var (width, dark) in new[] { (375, false), (375, true), (1440, true), (1440, false) })
        {
            await page.ShowAsync(width, dark);
            var where = $"{name} {width} {(dark ? "dark" : "light")}";
            wrong.AddRange((await page.EvaluateAsync<string[]>(LayoutCheck)).Select(problem => $"{where}: {problem}"));
            // Colours depend on the scheme, and order and tables on the width: these two see every one of either.
            if (dark == (width < 600))
                wrong.AddRange((await AxeCore.ViolationsAsync(page)).Select(violation => $"{where}: {violation}"));
            if (Screenshots is not null)
            {
                var file = Path.Combine(Screenshots, $"{name}-{width}-{(dark ? "dark" : "light")}.png");
                await page.ScreenshotAsync(new() { Path = file, FullPage = true });
            }
        }
    }
}
