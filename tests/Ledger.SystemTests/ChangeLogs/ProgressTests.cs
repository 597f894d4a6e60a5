using System.Net;
using Ledger.Api;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Ledger.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary><c>GET …/{jobId}/progress</c> (contract §6).</summary>
public sealed class ProgressTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task A_stream_tells_each_state_of_the_job_until_its_end_and_closes()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 2 } });
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var stream = await ProgressStream.OpenAsync(service, job);
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.ToString());
        Assert.True(stream.Response.Headers.CacheControl!.NoStore);
        Assert.Equal("queued waiting 0/0", await stream.NextAsync());

        Task slice;
        await using (await service.LockConversationAsync("a-00003"))
        {
            slice = service.RunSlicesAsync();
            await service.UntilALaneWaitsAsync(); // in its second batch
            // Between the two it may have seen the start, too.
            var next = await stream.NextAsync();
            Assert.Equal("queued running 2/3", next == "queued running 0/3" ? await stream.NextAsync() : next);
        }
        await slice;
        Assert.Equal("completed done 3/3", await stream.NextAsync());
        Assert.Equal("", await stream.LineAsync());
        Assert.Null(await stream.LineAsync());
        Assert.Equal((await service.AskAsync($"{service.Deletions}/{job}")).Is(200).Body, stream.LastData);
    }

    [SkippableFact]
    public async Task A_client_that_comes_back_is_sent_what_is_newer_and_nothing_once_it_has_seen_the_end()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "nobody" });
        string first;
        using (var begun = await ProgressStream.OpenAsync(service, job))
        {
            Assert.Equal("queued waiting 0/0", await begun.NextAsync());
            first = begun.LastId!;
        }
        using var stream = await ProgressStream.OpenAsync(service, job, lastEventId: first);
        await service.RunSlicesAsync();
        Assert.Equal("completed done 0/0", await stream.NextAsync()); // the first it had
        foreach (var old in new[] { first, "not ours", "1", "" })
        {
            using var behind = await ProgressStream.OpenAsync(service, job, lastEventId: old);
            Assert.Equal("completed done 0/0", await behind.NextAsync());
        }
        using var again = await ProgressStream.OpenAsync(service, job, lastEventId: stream.LastId);
        Assert.Equal(HttpStatusCode.NoContent, again.Response.StatusCode);
    }

    [SkippableFact]
    public async Task A_client_that_goes_away_frees_its_stream_and_more_than_a_node_bears_are_refused()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Http = new() { Submits = null, Polls = null, ProgressStreams = 2 } });
        var job = await service.SubmitAsync(new { cId = "user-1" });
        var streams = service.Services.GetRequiredService<ProgressStreams>();
        using (var first = await ProgressStream.OpenAsync(service, job))
        using (var second = await ProgressStream.OpenAsync(service, job))
        {
            await first.NextAsync();
            await second.NextAsync();
            Assert.Equal(2, streams.Open);
            var third = await service.AskAsync($"{service.Deletions}/{job}/progress");
            third.IsError(429, 429, "too many progress streams are open");
            Assert.NotNull(third.Header("Retry-After"));
        }
        await Steps.UntilAsync("the requests of clients that went away go on", () => Task.FromResult(streams.Open == 0));
        using var next = await ProgressStream.OpenAsync(service, job);
        Assert.Equal("queued waiting 0/0", await next.NextAsync());
    }

    [SkippableFact]
    public async Task One_job_and_one_client_get_a_share_of_the_streams_and_others_go_on()
    {
        await using var service = await shared.WithOwnBotAsync();
        var other = await service.SubmitAsync(new { cId = "user-1" });
        var streams = new List<ProgressStream>();
        try
        {
            HttpStatusCode status;
            var job = await service.SubmitAsync(new { cId = "user-2" });
            while ((status = await OpenAsync(job)) == HttpStatusCode.OK)
                Assert.True(streams.Count < 64, "one job may take more streams than it needs");
            Assert.Equal(HttpStatusCode.TooManyRequests, status);
            (await service.AskAsync($"{service.Deletions}/{job}/progress")).IsError(429, 429, "of this job");
            var ofOneJob = streams.Count;
            while (await OpenAsync(await service.SubmitAsync(new { cId = "user-3" })) == HttpStatusCode.OK)
                Assert.True(streams.Count < 128, "one client may take all streams");
            var answer = (await service.AskAsync($"{service.Deletions}/{other}/progress")).IsError(429, 429, "of this client");
            Assert.NotNull(answer.Header("Retry-After"));
            Assert.True(streams.Count > ofOneJob);
            using var others = await ProgressStream.OpenAsync(service, other, token: service.Token(Scope.DeleteConversations));
            Assert.Equal("queued waiting 0/0", await others.NextAsync());
        }
        finally
        {
            streams.ForEach(stream => stream.Dispose());
        }

        async Task<HttpStatusCode> OpenAsync(string job)
        {
            streams.Add(await ProgressStream.OpenAsync(service, job));
            return streams[^1].Response.StatusCode;
        }
    }

    [SkippableFact]
    public async Task A_stream_ends_with_its_token_and_after_its_longest_life_with_a_hint_to_come_back()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Http = new() { Submits = null, Polls = null, ProgressLife = TimeSpan.Zero },
            OwnClock = true,
        });
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using (var old = await ProgressStream.OpenAsync(service, job))
        {
            Assert.Equal("queued waiting 0/0", await old.NextAsync());
            Assert.Equal("retry: 1000", (await old.RestAsync())[^1]);
            using var next = await ProgressStream.OpenAsync(service, job, lastEventId: old.LastId);
            Assert.DoesNotContain(await next.RestAsync(), line => line.StartsWith("data:", StringComparison.Ordinal));
        }
        var options = new HttpOptions { ProgressLife = TimeSpan.FromDays(1) };
        var expiry = service.Time.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds();
        var token = TestService.Sign(TestService.ClientId, service.Secret, claims: new Dictionary<string, object> { ["exp"] = expiry });
        var second = await service.AddNodeAsync(options);
        using var stream = await ProgressStream.OpenAsync(service, job, token: token, node: second);
        using var lasting = await ProgressStream.OpenAsync(service, job, node: second);
        await stream.NextAsync();
        await lasting.NextAsync();
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(7));
        Assert.Empty(await stream.RestAsync());
        await service.RunSlicesAsync();
        Assert.NotEqual("queued waiting 0/0", await lasting.NextAsync());
    }

    [SkippableFact]
    public async Task A_stream_without_news_says_that_it_is_still_there_and_ends_with_its_node()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Http = new() { Submits = null, Polls = null, Heartbeat = TimeSpan.FromMilliseconds(1) } });
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var stream = await ProgressStream.OpenAsync(service, job);
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
        Assert.True(TimeProvider.System.GetElapsedTime(stopping) < Patience.Limit);
    }

    [SkippableFact]
    public async Task A_stream_ends_when_its_clients_grant_is_taken_away()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var stream = await ProgressStream.OpenAsync(service, job, token: service.Token(Scope.DeleteConversations));
        Assert.Equal("queued waiting 0/0", await stream.NextAsync());
        Assert.Null(
            await service.Registry.ExecuteAsync(service.Bot, new RevokeGrant(service.Bot, "cs-0", "test", null), CancellationToken.None));
        Assert.Equal("", await stream.LineAsync());
        Assert.Null(await stream.LineAsync());
    }

    [SkippableFact]
    public async Task Progress_is_for_whom_the_status_is_for_and_counts_as_a_poll()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Http = new() { Submits = null, Polls = new(PerMinute: 1, PerHour: 1) } });
        var other = await service.AddBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        foreach (var scope in Enum.GetValues<Scope>().Where(scope => scope != Scope.DeleteConversations))
            (await service.AskAsync($"{service.Deletions}/{job}/progress", service.Token(scope))).IsError(403, 4002);
        (await service.AskAsync($"/api/public/bot/{other}/conversations/delete/{job}/progress")).IsError(404, 404, "there is no such job");
        (await service.AskAsync($"{service.Deletions}/job/progress")).IsError(404, 404, "there is no such job");
        using (var stream = await ProgressStream.OpenAsync(service, job))
            await stream.NextAsync();
        (await service.AskAsync($"{service.Deletions}/{job}")).IsError(429, 429);
    }
}
