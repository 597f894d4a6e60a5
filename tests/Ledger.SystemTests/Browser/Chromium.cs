using Microsoft.Playwright;

namespace Ledger.SystemTests.Browser;

/// <summary>
/// The machine's own Chromium, headless, driven by Playwright: one for all tests, with a context (cookies, cache) for each page.
/// </summary>
internal static class Chromium
{
    public const string Missing = "Chromium is not installed (Debian: chromium)";

    /// <summary>A name that leads to this machine and is not known to.</summary>
    public const string NotLocalhost = "ledger.example";

    private static readonly string? Path =
        ((string[])["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]).FirstOrDefault(File.Exists);

    private static readonly Lazy<Task<IBrowser>> Browser = new(LaunchAsync);

    public static bool IsInstalled => Path is not null;

    /// <summary>An empty page in a context of its own. The caller closes its <see cref="IPage.Context"/>.</summary>
    /// <param name="width">Of the viewport, in CSS pixels.</param>
    /// <param name="dark">The scheme that the person prefers.</param>
    /// <param name="baseUrl">What relative addresses are relative to.</param>
    public static async Task<IPage> OpenAsync(Uri baseUrl, int width = 1440, bool dark = false)
    {
        var context = await (await Browser.Value).NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = baseUrl.ToString(),
            ReducedMotion = ReducedMotion.Reduce,
        });
        var page = await context.NewPageAsync();
        await page.ShowAsync(width, dark);
        return page;
    }

    /// <summary>Shows the page that is open on another screen, or to somebody who prefers the other scheme.</summary>
    /// <param name="page">The page.</param>
    /// <param name="width">Of the viewport, in CSS pixels.</param>
    /// <param name="dark">The scheme.</param>
    public static async Task ShowAsync(this IPage page, int width, bool dark)
    {
        await page.SetViewportSizeAsync(width, width < 600 ? 812 : 900);
        await page.EmulateMediaAsync(new() { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light });
    }

    private static async Task<IBrowser> LaunchAsync()
    {
        // As long as Playwright's own actions wait: its 5 s for what is to be seen are too few beside other tests.
        Assertions.SetDefaultExpectTimeout(30_000);
        var playwright = await Playwright.CreateAsync();
        return await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Path,
            ChromiumSandbox = false, // tests run as root in containers
            Args =
            [
                // No page reaches another machine, whatever it asks for.
                $"--host-resolver-rules=MAP {NotLocalhost} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync",
            ],
        });
    }
}
