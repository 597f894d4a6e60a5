using System.Text.Json;
using Ledger.SystemTests.Cli;

namespace Ledger.SystemTests.Database;

/// <summary>A pooler between the ledger and its database: refused where it does not keep a session, and good where it does.</summary>
public sealed class PoolerTests
{
    [SkippableFact]
    public async Task A_pooler_that_does_not_keep_sessions_is_refused()
    {
        await using var cli = await CliDatabase.CreateAsync();
        string[][] verbs = [["key", "rotate", "--now", "--keys", cli.Keys], ["migrate"], ["serve", "--keys", cli.Keys]];
        foreach (var (mode, poolSize) in new[] { ("transaction", 1), ("transaction", 20), ("statement", 20) })
        {
            await using var bouncer = await PgBouncer.StartAsync(cli.Service, mode, poolSize);
            foreach (var verb in verbs)
            {
                // A verb that is not refused must not hold the test up.
                using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
                var connection = bouncer.Through(verb[0] == "migrate" ? cli.Administrator : cli.Service);
                var refused = await CliDatabase.RunAsync([.. verb, "--connection", connection], deadline.Token);
                Assert.True((1, "") == (refused.ExitCode, refused.Output), $"{mode} {poolSize}: {refused}");
                Assert.Contains("pool_mode = session", refused.Error, StringComparison.Ordinal);
            }
        }
    }

    [SkippableFact]
    public async Task Behind_a_pooler_in_session_mode_everything_works()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await using var bouncer = await PgBouncer.StartAsync(cli.Service, "session", poolSize: 60);
        var service = bouncer.Through(cli.Service);
        Assert.Equal("", (await CliDatabase.RunAsync(["migrate", "--connection", bouncer.Through(cli.Administrator)])).Error);
        await RunAsync("window", "add", "open", "--cron", "0 0 * * * ?", "--zone", "UTC", "--length", "2h", "--connection", service);
        await RunAsync("bot", "add", "st-1", "--window", "open", "--created", "2020-01-01", "--connection", service);
        var added = await RunAsync(
            "client", "add", "cs-1", "--bot", "st-1", "--scope", "delete-conversations", "--connection", service, "--keys", cli.Keys);
        Assert.Contains("secret: ", added, StringComparison.Ordinal);
        var file = await cli.FileAsync(
            """
            {"botId":"st-1","conversationId":"c-1","cId":"u-1","channel":"rtm","startedAt":"2026-01-01T00:00:00Z","messages":[]}

            """);
        await RunAsync("import", file, "--connection", service, "--keys", cli.Keys);
        using var node = LedgerProcess.Start("serve", "--connection", service, "--keys", cli.Keys, "--urls", "http://127.0.0.1:0");
        var address = await node.LineAsync("Listening on ");
        var token = (await RunAsync("token", "--client", "cs-1", "--connection", service, "--keys", cli.Keys)).Trim();
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        http.DefaultRequestHeaders.Add("auth", token);
        Assert.Equal("completed", await EndOfAsync(http, await SubmitAsync(http)));
        Assert.Equal(0L, await cli.ScalarAsync<long>("select count(*) from conversations.conversations"));
        await RunAsync("key", "rotate", "--now", "--connection", service, "--keys", cli.Keys);
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
    }

    private static async Task<string> RunAsync(params string[] args)
    {
        var result = await CliDatabase.RunAsync(args);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }

    private static async Task<string> SubmitAsync(HttpClient http)
    {
        using var body = new StringContent("""{"cId":"u-1"}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/api/public/bot/st-1/conversations/delete", body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("jobId").GetString()!;
    }

    private static async Task<string> EndOfAsync(HttpClient http, string job)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(1200)); // polls are limited to 60 a minute
        while (await ticks.WaitForNextTickAsync(deadline.Token))
        {
            var status = await http.GetStringAsync($"/api/public/bot/st-1/conversations/delete/{job}", deadline.Token);
            if (JsonDocument.Parse(status).RootElement.GetProperty("status").GetString() is { } ended and not "queued")
                return ended;
        }
        return "";
    }
}
