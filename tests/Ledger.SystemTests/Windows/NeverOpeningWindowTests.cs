using System.Net;
using System.Text.Json;
using Ledger.Registry;
using Ledger.SystemTests.Browser;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Windows;

/// <summary>A window that never opens again: its own bot is refused, its own jobs wait, and nobody else is harmed.</summary>
public sealed class NeverOpeningWindowTests
{
    private const string WithYear = "0 5 16 29 11 ? 2026";

    [SkippableTheory]
    [InlineData(WithYear, "UTC", "it names a year (2026)")]
    [InlineData("0 0 18 30 2 ?", "UTC", "no future time matches")]
    [InlineData("0 0 18 * * ?", "Mars/Olympus_Mons", "is not in the time zone database")]
    public async Task A_submission_is_refused_with_409_which_names_the_window_and_records_nothing(string cron, string zone, string reason)
    {
        await using var service = await TestService.StartAsync();
        await DefineAsync(service, "night", "0 0 18 * * ?");
        var bot = await service.AddBotAsync(window: "night");
        var job = JobOf(await SubmitAsync(service, bot, HttpStatusCode.Accepted, "key-1"));
        await RecordAsync(service, "night", cron, zone);
        var recorded = await service.RecordedAsync();

        var error = (await SubmitAsync(service, bot, HttpStatusCode.Conflict)).GetProperty("errors")[0];
        Assert.Equal(409, error.GetProperty("code").GetInt32());
        Assert.StartsWith("the bot's window 'night' never opens again (", error.GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.Contains(reason, error.GetProperty("msg").GetString(), StringComparison.Ordinal);
        await SubmitAsync(service, bot, HttpStatusCode.Conflict, "key-2");
        // What was recorded while the window still opened is answered as ever, and other bots do not notice.
        Assert.Equal(job, JobOf(await SubmitAsync(service, bot, HttpStatusCode.Accepted, "key-1")));
        Assert.Equal(recorded, await service.RecordedAsync());
        await service.SubmitAsync(new { cId = "nobody" });
    }

    [SkippableFact]
    public async Task A_job_whose_window_never_opens_again_waits_until_the_window_is_mended()
    {
        var log = new TestLog();
        var window = new DeletionWindowOptions("0 0 18 * * ?", "UTC", TimeSpan.FromHours(8), 4);
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true, Window = window, Log = log });
        await service.Clock.SetAsync(Steps.At("2026-11-20T12:00:00Z"));
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await RecordAsync(service, "test", WithYear, "UTC");

        // Its opening, and the time after it: nothing is erased, nothing is planned, and a slice ends.
        foreach (var now in new[] { "2026-11-20T19:00:00Z", "2026-11-21T10:00:00Z" })
        {
            await service.RunAtAsync(now);
            Assert.Equal("queued waiting 2026-11-20T18:00:00.000Z 0/0", await service.InShortAsync(job));
        }
        Assert.Equal(3, await service.CountConversationsAsync());
        var waits = $"Job {job} waits: window test never opens again (its cron expression cannot be used: it names a year";
        Assert.Contains(log.All, line => line.StartsWith(waits, StringComparison.Ordinal));
        Assert.DoesNotContain(log.All, line => line.Contains("could not go on", StringComparison.Ordinal));

        await DefineAsync(service, "test", "0 0 18 * * ?");
        await service.RunAtAsync("2026-11-21T10:06:00Z");
        Assert.Equal("queued waiting 2026-11-21T18:00:00.000Z 0/0", await service.InShortAsync(job));
        await service.RunAtAsync("2026-11-21T18:00:01Z");
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_bot_is_not_given_such_a_window_and_keeps_the_one_that_it_has()
    {
        await using var service = await TestService.StartAsync();
        await DefineAsync(service, "night", "0 0 18 * * ?");
        var bot = await service.AddBotAsync(window: "night");
        await RecordAsync(service, "night", WithYear, "UTC");

        var refusal = "the window 'night' never opens again (its cron expression cannot be used: it names a year (2026)";
        var add = new AddBot("st-new", null, TestService.BotCreatedAt, null, "night", "test", null);
        Assert.StartsWith(refusal, await ExecuteAsync(service, "st-new", add), StringComparison.Ordinal);
        var change = new ChangeBot(service.Bot, null, null, null, "night", "test", null);
        Assert.StartsWith(refusal, await ExecuteAsync(service, service.Bot, change), StringComparison.Ordinal);
        // Repeating what is recorded changes nothing, and another setting can still be changed.
        Assert.Null(await ExecuteAsync(service, bot, new ChangeBot(bot, null, null, 7, "night", "test", null)));
        Assert.Null(await ExecuteAsync(service, bot, new ChangeBot(bot, null, null, null, "test", "test", null)));
    }

    [SkippableFact]
    public async Task The_console_shows_why()
    {
        await using var service = await TestService.StartAsync();
        await DefineAsync(service, "night", "0 0 18 * * ?");
        await service.AddBotAsync(window: "night");
        await RecordAsync(service, "night", WithYear, "UTC");
        using var person = new Person(service);
        await person.SignInAsync(service.Token());

        Assert.Contains("it names a year (2026)", await person.TextAsync("/bots"), StringComparison.Ordinal);
        Assert.Contains("never opens again", await person.TextAsync("/"), StringComparison.Ordinal);
    }

    private static async Task DefineAsync(TestService service, string name, string cron)
    {
        var define = new DefineWindow(name, cron, "UTC", 28_800, 4, "test", null);
        Assert.Null(await service.Registry.DefineWindowAsync(define, CancellationToken.None));
        await ReadAsync(service);
    }

    /// <summary>As an earlier version recorded it, which took more than this one does.</summary>
    private static async Task RecordAsync(TestService service, string name, string cron, string zone)
    {
        await service.ExecuteAsync(
            """
            update ledger.mt_doc_deletionwindow
            set data = data || jsonb_build_object('cron', $2::text, 'timeZone', $3::text), mt_last_modified = now()
            where data ->> 'name' = $1
            """,
            name, cron, zone);
        await ReadAsync(service);
    }

    private static async Task ReadAsync(TestService service) =>
        await service.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(service.Time.GetTimestamp(), CancellationToken.None);

    private static async Task<string?> ExecuteAsync(TestService service, string bot, RegistryCommand command) =>
        (await service.Registry.ExecuteAsync(bot, command, CancellationToken.None))?.Message;

    private static string? JobOf(JsonElement answer) => answer.GetProperty("jobId").GetString();

    private static async Task<JsonElement> SubmitAsync(TestService service, string bot, HttpStatusCode expected, string? key = null)
    {
        var path = $"/api/public/bot/{bot}/conversations/delete";
        using var answer = await service.SendAsync(HttpMethod.Post, path, new { cId = "u-1" }, idempotencyKey: key);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(expected == answer.StatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
