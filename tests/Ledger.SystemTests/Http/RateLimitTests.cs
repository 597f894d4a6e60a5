using System.Diagnostics;
using Ledger.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Http;

/// <summary>The 429 of contract §5, counted across nodes.</summary>
public sealed class RateLimitTests
{
    private static readonly HttpOptions s_few = new() { Submits = new RateLimit(PerMinute: 5, PerHour: 100), Polls = new RateLimit(PerMinute: 3, PerHour: 100) };

    [SkippableFact]
    public async Task A_request_over_the_limit_is_429_until_the_window_ends_and_records_nothing()
    {
        var time = new SteppedTime(new DateTimeOffset(2026, 5, 8, 6, 22, 10, TimeSpan.Zero));
        await using var service = await ApiService.StartAsync(s_few, time);
        for (var i = 0; i < 5; i++)
            (await service.SubmitAsync("""{"cId":"u"}""")).Is(202);
        var refused = await service.RefusedAsync(service.Request(HttpMethod.Post, service.Deletions, """{"cId":"u"}"""), 429, 429);
        Assert.Equal("50", refused.Header("Retry-After"));
        (await service.SubmitAsync("""{"cId":"u"}""", bot: ApiService.OtherBot)).Is(202);
        time.Now = time.Now.AddSeconds(50);
        (await service.SubmitAsync("""{"cId":"u"}""")).Is(202);
    }

    [SkippableFact]
    public async Task Polls_are_limited_per_job()
    {
        await using var service = await ApiService.StartAsync(s_few, new SteppedTime(new DateTimeOffset(2026, 5, 8, 6, 22, 10, TimeSpan.Zero)));
        var job = (await service.SubmitAsync("""{"cId":"u"}""")).Header("Location")!;
        var other = (await service.SubmitAsync("""{"cId":"u"}""")).Header("Location")!;
        for (var i = 0; i < 3; i++)
            (await service.GetAsync(job)).Is(200);
        (await service.GetAsync(job)).IsError(429, 429);
        (await service.SendAsync(service.Request(HttpMethod.Post, job))).IsError(429, 429);
        (await service.GetAsync(other)).Is(200);
        // Nobody is limited who has not said who he is.
        (await service.GetAsync(job, "x")).IsError(401, 4002);
    }

    [SkippableFact]
    public async Task A_second_node_learns_within_a_second_what_the_first_admitted()
    {
        var time = new SteppedTime(new DateTimeOffset(2026, 5, 8, 6, 22, 10, TimeSpan.Zero));
        await using var service = await ApiService.StartAsync(s_few, time);
        var second = await service.StartNodeAsync(s_few, time);
        for (var i = 0; i < 5; i++)
            (await service.SubmitAsync("""{"cId":"u"}""")).Is(202);

        var since = Stopwatch.GetTimestamp();
        var admitted = 0;
        while ((int)(await service.SendAsync(service.Request(HttpMethod.Post, service.Deletions, """{"cId":"u"}"""), second)).Status == 202)
            admitted++;
        // By itself the second node would admit five; it learns of the first's at its first flush, or stops at its own five and has then overshot by five at most.
        Assert.InRange(admitted, 0, 5);
        while (service.Services.GetRequiredService<RateLimits>() is not null && await TotalAsync(service) < 5 + admitted)
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(10), "the nodes' counts never met");
        (await service.SubmitAsync("""{"cId":"u"}""")).IsError(429, 429);
        (await service.SendAsync(service.Request(HttpMethod.Post, service.Deletions, """{"cId":"u"}"""), second)).IsError(429, 429);
    }

    [SkippableFact]
    public async Task A_flush_adds_up_what_nodes_admitted()
    {
        await using var service = await ApiService.StartAsync();
        var time = new SteppedTime(new DateTimeOffset(2026, 5, 8, 6, 22, 10, TimeSpan.Zero));
        RateLimits Node() => new(s_few, service.Services.GetRequiredService<Npgsql.NpgsqlDataSource>(), time);
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

    private static Task<long> TotalAsync(ApiService service) =>
        service.QueryAsync<long>("select coalesce(sum(count), 0)::bigint from ledger.rate_counters where kind = 'Submit' and seconds = 60");
}

/// <summary>A calendar that stands still until it is set; timers and timestamps run on.</summary>
internal sealed class SteppedTime(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
