using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Transparency;
using Ledger.Notifications.Webhooks;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Notifications;
using Ledger.SystemTests.Log.Witnessing;
using Microsoft.Playwright;

namespace Ledger.SystemTests.Browser;

/// <summary>
/// A service with something on every page: jobs in every state, of bots with hostile, long and right-to-left names, messages that could
/// not be delivered, and a log with two witnesses.
/// </summary>
public sealed class ConsoleScene : IAsyncLifetime
{
    public const string ScriptBot = "<script>alert(1)</script>";
    public const string RightToLeftBot = "بوت الدعم-١٢٣";

    public static readonly string LongBot = $"st-{new string('a', 60)}-{new string('W', 64)}";

    private readonly Once<TestService> _service;
    private readonly List<TestWitness> _witnesses = [];

    public ConsoleScene() => _service = new(StartAsync);

    public Task<TestService> Service => _service.Value;

    /// <summary>Ids of the jobs of <see cref="TestService.Bot"/>.</summary>
    public string Completed { get; private set; } = "";

    public string Retrying { get; private set; } = "";

    public string Waiting { get; private set; } = "";

    /// <summary>A job of <see cref="ScriptBot"/>.</summary>
    public string OfScriptBot { get; private set; } = "";

    /// <summary>A job of a bot that only the client that may do everything has a grant of.</summary>
    public string OfOtherBot { get; private set; } = "";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        foreach (var witness in _witnesses)
            await witness.DisposeAsync();
    }

    private async Task<TestService> StartAsync()
    {
        var service = await TestService.StartAsync(
            new TestServiceOptions
            {
                OwnClock = true,
                Witnesses = PolicyAsync,
                RetentionDays = 400,
                Notifications = Outbox.Manual(),
                Execution = new() { RetryDelays = [TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(3)] },
            }
        );
        await service.Registry.DefineWindowAsync(
            new DefineWindow("weekend", "0 30 2 ? * SAT", "Europe/Berlin", 6 * 3600, 2, "test", null), CancellationToken.None);
        foreach (var bot in new[] { ScriptBot, RightToLeftBot, LongBot, "st-other" })
            await service.AddBotAsync(bot, bot == LongBot ? "weekend" : "test");
        await service.SetBotAsync(
            ownerMail: $"{new string('o', 60)}@{new string('d', 60)}.example",
            webhook: "http://127.0.0.1:1/hook",
            secret: new byte[32]
        );
        await RunJobsAsync(service);
        await service.SendAsync<WebhookSender>();
        return service;
    }

    private async Task RunJobsAsync(TestService service)
    {
        var today = Instant.Truncate(service.Time.GetUtcNow());
        // Of several nights: the chart has bars.
        await service.Clock.SetAsync(today.AddDays(-5));
        foreach (var count in new[] { 1, 600, 130, 0, 320 })
        {
            await service.AddConversationsAsync($"n{count}", count, $"night-{count}", today.AddDays(-300), perKind: 0);
            await service.SubmitAsync(new { cId = $"night-{count}" });
            await service.RunSlicesAsync();
            await service.Clock.AdvanceAsync(TimeSpan.FromDays(1));
        }
        await service.AddConversationsAsync("a", 40, "user-1", today.AddDays(-30), perKind: 2);
        await service.AddConversationsAsync("old", 3, "user-1", today.AddDays(-500));
        Completed = await service.SubmitAsync(new { cId = "user-1", startDate = Date(today.AddDays(-501)), endDate = Date(today) });
        await service.RunSlicesAsync();

        await service.AddConversationsAsync("b", 20, "user-2", today.AddDays(-20));
        await service.AddTriggerAsync(
            "conversations", "refuse_some", "before delete",
            "if old.conversation_id ~ '^b-0000[1-7]$' then raise exception 'refused'; end if; return old;");
        Retrying = await service.SubmitAsync(new { cId = "user-2" });
        await service.RunSlicesAsync();

        OfScriptBot = await service.SubmitAsync(new { conversationIds = new[] { "x-1", "x-2" } }, ScriptBot);
        OfOtherBot = await service.SubmitAsync(new { cId = "somebody" }, "st-other");
        await service.SubmitAsync(new { cId = "user" }, RightToLeftBot);
        await service.RunSlicesAsync();
        await service.SubmitAsync(new { cId = "user" }, LongBot);
        Waiting = await service.SubmitAsync(new { cId = "user-3" });
        await service.WriteLogAsync();
    }

    private static string Date(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd");

    private async Task<Policy> PolicyAsync(NoteVerifier log)
    {
        var policy = new StringBuilder($"log {log}\n");
        foreach (var name in new[] { "north", "south" })
        {
            _witnesses.Add(await TestWitness.StartAsync(log));
            policy.Append($"witness {name} {_witnesses[^1].Key.Verifier} {_witnesses[^1].Address}\n");
        }
        return Policy.Parse(Encoding.UTF8.GetBytes(policy.Append("group both 2 north south\nquorum both\n").ToString()));
    }
}

/// <summary>The tests that share a <see cref="ConsoleScene"/>.</summary>
[CollectionDefinition(nameof(ConsoleScene))]
public sealed class ConsoleSceneTests : ICollectionFixture<ConsoleScene>;

/// <summary>One page for the tests of a class, each of which begins without a session: a context of its own costs a process.</summary>
public sealed class ConsolePage : IAsyncLifetime
{
    private IPage? _page;
    private List<string> _problems = [];

    internal async Task<(IPage Page, List<string> Problems)> OfAsync(TestService service)
    {
        if (_page is null)
            (_page, _problems) = await Visitor.OpenAsync(service);
        await _page.Context.ClearCookiesAsync();
        _problems.Clear();
        return (_page, _problems);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_page is not null)
            await _page.Context.CloseAsync();
    }
}

/// <summary>A person at the console.</summary>
internal static class Visitor
{
    /// <summary>A page whose problems are collected: script errors, and whatever the content security policy refused.</summary>
    public static async Task<(IPage Page, List<string> Problems)> OpenAsync(TestService service)
    {
        var page = await Chromium.OpenAsync(service.Client.BaseAddress!);
        var problems = new List<string>();
        page.PageError += (_, error) => problems.Add($"{page.Url}: {error}");
        page.Dialog += (_, dialog) => problems.Add($"{page.Url}: a dialog '{dialog.Message}'");
        page.Console += (_, message) =>
        {
            // The browser notes every answer from 400 on; which answer it is, the tests say themselves.
            if (message.Type is "error" or "warning"
                && !message.Text.StartsWith("Failed to load resource: the server responded with a status of", StringComparison.Ordinal))
                problems.Add($"{page.Url}: {message.Text}");
        };
        return (page, problems);
    }

    /// <summary>Signs in as a person would.</summary>
    public static async Task SignInAsync(this IPage page, string token, string? to = null)
    {
        await page.GotoAsync(to ?? "/login");
        await page.GetByLabel("Token", new() { Exact = true }).FillAsync(token);
        await page.FollowAsync(page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }));
    }

    /// <summary>
    /// Clicks on a link or a button that leads to another page, and waits for that page. A click alone returns before: what is read next
    /// could be the old page.
    /// </summary>
    public static Task FollowAsync(this IPage page, ILocator link) => page.LeaveAsync(() => link.ClickAsync());

    /// <summary>Does what leads to another page, and waits for that page.</summary>
    public static async Task LeaveAsync(this IPage page, Func<Task> act)
    {
        await page.EvaluateAsync("document.documentElement.dataset.left = 'yes'");
        await act();
        await page.Locator("html:not([data-left])").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.WaitForLoadStateAsync();
    }

    /// <summary>Signs in without looking at a page.</summary>
    public static async Task EnterAsync(this IPage page, TestService service, string token)
    {
        var form = page.APIRequest.CreateFormData().Set("token", token).Set("next", "/");
        var origin = service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        var answer = await page.APIRequest.PostAsync(
            "/login", new() { Form = form, Headers = new Dictionary<string, string> { ["Origin"] = origin }, MaxRedirects = 0 });
        Assert.Equal(303, answer.Status);
    }

    public static async Task<string> TextAsync(this IPage page) => await page.Locator("main").InnerTextAsync();

    public static Task<string> HeadingAsync(this IPage page) => page.Locator("h1").InnerTextAsync();

    /// <summary>The address of a bot's job.</summary>
    public static string Job(string bot, string job) => $"/jobs/{Uri.EscapeDataString(bot)}/{job}";
}
