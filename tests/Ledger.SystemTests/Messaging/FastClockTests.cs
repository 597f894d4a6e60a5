using Ledger.Engine;
using Ledger.Execution.Turns;
using Ledger.Windows;
using Microsoft.Extensions.DependencyInjection;
using static Ledger.SystemTests.Messaging.EngineScene;

namespace Ledger.SystemTests.Messaging;

/// <summary>A node whose clock is ten minutes fast. The database's decides.</summary>
public sealed class FastClockTests
{
    private const string Scheduled = $"{EngineScene.Messages} where status = 'Scheduled'";

    [SkippableFact]
    public async Task It_puts_off_a_wake_up_that_came_early_once_and_deletes_nothing_before_the_opening()
    {
        await using var service = await TestService.StartAsync();
        await using var fast = service.BuildNode(
            new EngineOptions { IsAlone = true }, new TurnOptions { SweepInterval = null }, new FastClock(TimeSpan.FromMinutes(10)));
        await fast.StartAsync();
        var opens = SecondsFromNow(5);
        var bot = await service.AddWindowAsync(opens, lanes: 4);
        await service.AddConversationsAsync("a", 3, "user-1", bot: bot);
        // A node whose clock is right takes the jobs, and sends nothing.
        await service.SubmitManyAsync(bot, 3);

        await fast.Services.GetRequiredService<WindowTurns>().WakeAsync(new WakeWindow(WindowOf(bot), opens));
        Assert.True(TimeProvider.System.GetUtcNow() < opens, "the machine is too slow to be early");
        Assert.Equal(1, await service.ScalarAsync<long>(Scheduled));
        Assert.Equal(3, await service.CountJobsAsync(bot, "queued"));
        await service.UntilCompletedAsync(bot, 3);
        Assert.InRange((await service.RecordedAsync(bot, "started")).First, opens, opens.AddMinutes(2));

        // By its clock the window is open and the job is due now. By the database's it is due in ten minutes: it is woken then, and once.
        await SubmitManyAsync(fast.Services, bot, 1);
        await service.UntilHandledAsync();
        await Execution.Steps.UntilAsync("no wake-up is recorded", async () =>
            await service.ScalarAsync<long>("select count(*) from ledger.window_wakes where at > now() + interval '8 minutes'") == 1);
        Assert.Equal(1, await service.ScalarAsync<long>($"{Scheduled} and execution_time > now() + interval '8 minutes'"));
        Assert.Equal(1, await service.CountJobsAsync(bot, "queued"));
        await fast.StopAsync();
    }

    private sealed class FastClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
