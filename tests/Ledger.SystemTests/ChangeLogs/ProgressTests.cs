using System.Net;
using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.Http;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary><c>GET …/{jobId}/progress</c> (contract §6).</summary>
public sealed class ProgressTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);

    [SkippableFact]
    public async Task A_stream_tells_each_state_of_the_job_until_its_end_and_closes()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var stream = await OpenAsync(service, job);
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.ToString());
        Assert.True(stream.Response.Headers.CacheControl!.NoStore);
        Assert.Equal("2 queued waiting 0/0", await stream.NextAsync());

        Task slice;
        await using (await service.LockConversationAsync("a-00003"))
        {
            slice = service.RunSlicesAsync();
            await service.UntilALaneWaitsAsync(); // in its second batch
            // Between the two it may have seen the start, too.
            Assert.Equal("5 queued running 2/3", await stream.NextAsync() is var next && next == "3 queued running 0/3" ? await stream.NextAsync() : next);
        }
        await slice;
        Assert.Equal("7 completed done 3/3", await stream.NextAsync());
        Assert.Equal("", await stream.LineAsync());
        Assert.Null(await stream.LineAsync());
        Assert.Equal(
            await service.ScalarAsync<string>("select data::text from ledger.mt_doc_jobstatus"), stream.LastData);
    }

    [SkippableFact]
    public async Task A_client_that_comes_back_is_sent_what_is_newer_and_nothing_once_it_has_seen_the_end()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { cId = "nobody" });
        using var stream = await OpenAsync(service, job, lastEventId: "2");
        await service.RunSlicesAsync();
        Assert.Equal("4 completed done 0/0", await stream.NextAsync()); // 2, the first, it had
        using (var old = await OpenAsync(service, job, lastEventId: "2"))
            Assert.Equal("4 completed done 0/0", await old.NextAsync());
        using (var odd = await OpenAsync(service, job, lastEventId: "not ours"))
            Assert.Equal("4 completed done 0/0", await odd.NextAsync());
        using var again = await OpenAsync(service, job, lastEventId: "4");
        Assert.Equal(HttpStatusCode.NoContent, again.Response.StatusCode);
    }

    [SkippableFact]
    public async Task A_client_that_goes_away_frees_its_stream_and_more_than_a_node_bears_are_refused()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Http = new() { Submits = null, Polls = null, ProgressStreams = 2 } });
        var job = await service.SubmitAsync(new { cId = "user-1" });
        var streams = service.Services.GetRequiredService<ProgressStreams>();
        using (var first = await OpenAsync(service, job))
        using (var second = await OpenAsync(service, job))
        {
            await first.NextAsync();
            await second.NextAsync();
            Assert.Equal(2, streams.Open);
            var third = (await service.AskAsync($"{service.Deletions}/{job}/progress")).IsError(429, 429, "too many progress streams");
            Assert.NotNull(third.Header("Retry-After"));
        }
        await Steps.UntilAsync("the requests of clients that went away go on", () => Task.FromResult(streams.Open == 0));
        using var next = await OpenAsync(service, job);
        Assert.Equal("2 queued waiting 0/0", await next.NextAsync());
    }

    [SkippableFact]
    public async Task A_stream_without_news_says_that_it_is_still_there_and_ends_with_its_node()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Http = new() { Submits = null, Polls = null, Heartbeat = TimeSpan.FromMilliseconds(1) } });
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var stream = await OpenAsync(service, job);
        await stream.NextAsync();
        Assert.Equal("", await stream.LineAsync());
        Assert.Equal(": still there", await stream.LineAsync());
        Assert.Equal("", await stream.LineAsync());
        Assert.Equal(": still there", await stream.LineAsync());

        var stopping = TimeProvider.System.GetTimestamp();
        service.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().StopApplication();
        while (await stream.LineAsync() is not null)
        {
        }
        Assert.True(TimeProvider.System.GetElapsedTime(stopping) < s_deadline);
    }

    [SkippableFact]
    public async Task A_stream_ends_when_its_clients_grant_is_taken_away()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var stream = await OpenAsync(service, job, token: service.Token(Scope.DeleteConversations));
        Assert.Equal("2 queued waiting 0/0", await stream.NextAsync());
        Assert.Null(await service.Registry.ExecuteAsync(service.Bot, new RevokeGrant(service.Bot, "cs-0", "test", null), CancellationToken.None));
        Assert.Equal("", await stream.LineAsync());
        Assert.Null(await stream.LineAsync());
    }

    [SkippableFact]
    public async Task Progress_is_for_whom_the_status_is_for_and_counts_as_a_poll()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Http = new() { Submits = null, Polls = new(PerMinute: 1, PerHour: 1) } });
        var other = await service.AddBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        foreach (var scope in Enum.GetValues<Scope>().Where(scope => scope != Scope.DeleteConversations))
            (await service.AskAsync($"{service.Deletions}/{job}/progress", service.Token(scope))).IsError(403, 4002);
        (await service.AskAsync($"/api/public/bot/{other}/conversations/delete/{job}/progress")).IsError(404, 404, "there is no such job");
        (await service.AskAsync($"{service.Deletions}/job/progress")).IsError(404, 404, "there is no such job");
        using (var stream = await OpenAsync(service, job))
            await stream.NextAsync();
        (await service.AskAsync($"{service.Deletions}/{job}")).IsError(429, 429);
    }

    private static async Task<Events> OpenAsync(TestService service, string job, string? lastEventId = null, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{service.Deletions}/{job}/progress") { Headers = { { "auth", token ?? service.Token() } } };
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await service.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new Events(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    private sealed record Events(HttpResponseMessage Response, StreamReader Reader) : IDisposable
    {
        public string? LastData { get; private set; }

        /// <summary>The next line; null at the stream's end.</summary>
        public Task<string?> LineAsync() => Reader.ReadLineAsync().WaitAsync(s_deadline, TimeProvider.System);

        /// <summary>The next event, in short: id, status, phase, processed of identified.</summary>
        public async Task<string> NextAsync()
        {
            var lines = new List<string>();
            while (lines.Count < 3 && await LineAsync() is { } line)
            {
                if (line.Length > 0)
                    lines.Add(line);
            }
            Assert.StartsWith("id: ", lines[0], StringComparison.Ordinal);
            Assert.Equal("event: status", lines[1]);
            LastData = lines[2]["data: ".Length..];
            var status = JsonDocument.Parse(LastData).RootElement;
            var result = status.GetProperty("result");
            return $"{lines[0]["id: ".Length..]} {status.GetProperty("status")} {status.GetProperty("phase")} {result.GetProperty("processedCount")}/{result.GetProperty("totalConversations")}";
        }

        public void Dispose()
        {
            Reader.Dispose();
            Response.Dispose();
        }
    }
}
