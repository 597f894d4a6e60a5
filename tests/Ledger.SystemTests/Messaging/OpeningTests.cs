using Xunit.Abstractions;

namespace Ledger.SystemTests.Messaging;

/// <summary>A window opens, and its jobs run by messages alone.</summary>
public sealed class OpeningTests(SharedEngine shared, ITestOutputHelper output) : IClassFixture<SharedEngine>
{
    [SkippableFact]
    public async Task A_hundred_jobs_run_in_all_four_lanes_when_their_window_opens()
    {
        var service = await shared.WithOwnBotAsync();
        var opens = EngineScene.SecondsFromNow(4);
        var bot = await service.AddWindowAsync(opens, lanes: 4);
        await service.AddConversationsAsync("a", 100, "user-1", bot: bot);
        await service.SubmitManyAsync(bot, 100);

        var seen = new HashSet<int>();
        await Execution.Steps.UntilAsync("not all jobs end", async () =>
        {
            seen.UnionWith(await service.LanesHeldAsync(EngineScene.WindowOf(bot)));
            return await service.CountJobsAsync(bot) == 100;
        });

        Assert.Equal([0, 1, 2, 3], seen.Order());
        Assert.Equal(0, await service.CountConversationsAsync(bot));
        var (started, completed) = (await service.RecordedAsync(bot, "started"), await service.RecordedAsync(bot, "completed"));
        output.WriteLine($"the first starts after {started.First - opens}, the last ends after {completed.Last - opens}");
        // By what is recorded. It is less than 2 s where the machine has nothing else to do.
        Assert.InRange(started.First - opens, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [SkippableFact]
    public async Task A_thousand_submissions_around_an_opening_all_run()
    {
        var service = await shared.WithOwnBotAsync();
        var opens = EngineScene.SecondsFromNow(4);
        var bot = await service.AddWindowAsync(opens, lanes: 4);
        await Execution.Steps.UntilAsync(
            "the clock stands still", () => Task.FromResult(TimeProvider.System.GetUtcNow() > opens.AddSeconds(-1)));
        await service.SubmitManyAsync(bot, 1000);

        var submitted = await service.RecordedAsync(bot, "submitted");
        output.WriteLine($"submitted from {submitted.First - opens} to {submitted.Last - opens}");
        Assert.True(submitted.First < opens && submitted.Last > opens, "the opening was not met");
        await service.UntilCompletedAsync(bot, 1000);
        output.WriteLine($"the last ends after {(await service.RecordedAsync(bot, "completed")).Last - opens}");
        await service.HoldsFewMessagesAsync();
    }
}
