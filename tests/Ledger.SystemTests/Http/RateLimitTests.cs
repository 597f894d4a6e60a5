using System.Diagnostics;
using Ledger.Tests.Http;
using Ledger.Web;

namespace Ledger.SystemTests.Http;

/// <summary>The 429 of contract §5, counted across nodes.</summary>
public sealed class RateLimitTests
{
    private static readonly HttpOptions s_few = new()
    {
        Submits = new RateLimit(PerMinute: 5, PerHour: 100),
        Polls = new RateLimit(PerMinute: 3, PerHour: 100),
    };

    [SkippableFact]
    public async Task A_second_node_learns_what_the_first_admitted()
    {
        await using var service = await StartAsync();
        using var second = await service.Node.AddNodeAsync();
        for (var i = 0; i < 5; i++)
            (await service.SubmitAsync("""{"cId":"u"}""")).Is(202);
        await UntilTotalIsAsync(service, 5);
        var admitted = 0;
        while ((int)(await SubmitToAsync(service, second)).Status == 202)
            await UntilTotalIsAsync(service, 5 + ++admitted);
        // By itself it would have admitted five. It learns with its first flush; a request may cross with that.
        Assert.InRange(admitted, 0, 2);
        (await SubmitToAsync(service, second)).IsError(429, 429);
    }

    [SkippableFact]
    public async Task A_flush_adds_up_what_nodes_admitted()
    {
        await using var service = await ApiService.StartAsync();
        var time = new StandingTime();
        RateLimits Node() => new(s_few, service.Node.Source, time);
        var (one, other) = (Node(), Node());
        for (var i = 0; i < 4; i++)
            Assert.Null(one.SecondsToWait(LimitedCall.Submit, "bot"));
        await one.FlushAsync(CancellationToken.None);
        Assert.Null(other.SecondsToWait(LimitedCall.Submit, "bot"));
        await other.FlushAsync(CancellationToken.None);
        Assert.Equal(50, other.SecondsToWait(LimitedCall.Submit, "bot"));
        // The first has not looked since, and may overshoot until its next flush.
        Assert.Null(one.SecondsToWait(LimitedCall.Submit, "bot"));
        await one.FlushAsync(CancellationToken.None);
        Assert.NotNull(one.SecondsToWait(LimitedCall.Submit, "bot"));
        Assert.Equal(6, await TotalAsync(service));
        // Flushing again adds nothing.
        await one.FlushAsync(CancellationToken.None);
        Assert.Equal(6, await TotalAsync(service));
    }

    [SkippableFact]
    public async Task Many_windows_are_flushed_in_several_statements_by_nodes_at_once()
    {
        await using var service = await ApiService.StartAsync();
        var time = new StandingTime();
        var nodes = Enumerable.Range(0, 3).Select(_ => new RateLimits(s_few, service.Node.Source, time)).ToList();
        foreach (var node in nodes)
        {
            for (var bot = 0; bot < 6000; bot++)
                Assert.Null(node.SecondsToWait(LimitedCall.Submit, $"bot-{bot}"));
        }
        await Task.WhenAll(nodes.Select(node => node.FlushAsync(CancellationToken.None)));
        Assert.Equal(3 * 6000, await TotalAsync(service));
    }

    /// <summary>In the middle of a minute and of an hour.</summary>
    private static async Task<ApiService> StartAsync()
    {
        var service = await ApiService.StartAsync(s_few, ownClock: true);
        await service.Node.Clock.SetAsync(StandingTime.Instant);
        return service;
    }

    private static Task<Answer> SubmitToAsync(ApiService service, HttpClient node) =>
        service.SendAsync(service.Request(HttpMethod.Post, service.Deletions, """{"cId":"u"}"""), node);

    private static async Task UntilTotalIsAsync(ApiService service, long total)
    {
        var since = Stopwatch.GetTimestamp();
        while (await TotalAsync(service) < total)
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromMinutes(1), "what was admitted was not flushed");
    }

    private static Task<long> TotalAsync(ApiService service) =>
        service.QueryAsync<long>("select coalesce(sum(count), 0)::bigint from ledger.rate_counters where kind = 'Submit' and seconds = 60");

    private sealed class StandingTime : TimeProvider
    {
        public static DateTimeOffset Instant { get; } = new(2030, 5, 8, 6, 22, 10, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Instant;
    }
}
