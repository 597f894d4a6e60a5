using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Log;
using Ledger.SystemTests.Execution;
using Ledger.Windows;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Messaging;

/// <summary>Jobs that run by the engine's messages alone: no sweep looks for them.</summary>
public sealed class MessagesTests(SharedEngine shared) : IClassFixture<SharedEngine>
{
    private static readonly DateTimeOffset s_thisHour =
        TimeProvider.System.GetUtcNow() is var now ? now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)).AddMinutes(-1) : default;

    [SkippableFact]
    public async Task A_job_of_an_open_window_runs_by_messages_alone()
    {
        var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.UntilCompletedAsync(service.Bot, 1);
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal(0, await service.CountConversationsAsync());
    }

    [SkippableFact]
    public async Task Two_hundred_jobs_for_tonight_are_a_handful_of_messages()
    {
        var service = await shared.WithOwnBotAsync();
        var bot = await service.AddWindowAsync(EngineScene.SecondsFromNow(7200), lanes: 4);
        await service.SubmitManyAsync(bot, 200);
        // One would do. Those that were submitted side by side did not see each other's.
        var recorded = await service.ScalarAsync<long>(
            "select count(*) from ledger.window_wakes where window_name = $1", EngineScene.WindowOf(bot));
        Assert.InRange(recorded, 1, 8);
        Assert.InRange(await service.ScalarAsync<long>($"{EngineScene.Messages} where status = 'Scheduled'"), 1, 16);
    }

    [SkippableFact]
    public async Task A_message_that_comes_five_times_does_nothing_twice_and_nothing_before_the_start_is_covered()
    {
        var service = await shared.WithOwnBotAsync();
        var log = service.Services.GetRequiredService<LogWriter>();
        await service.AddConversationsAsync("a", 30, "user-1");
        await log.StopAsync(CancellationToken.None);
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await FiveTimesAsync(service, "test");
        await Steps.UntilAsync("the job is not started", async () => (await TypesAsync(service, job)).Contains("started"));
        await FiveTimesAsync(service, "test");
        await service.UntilHandledAsync();
        string[] begun = ["submitted", "scheduled", "started"];
        Assert.Equal(begun, await TypesAsync(service, job));
        Assert.Equal(30, await service.CountConversationsAsync());

        await log.StartAsync(CancellationToken.None);
        await FiveTimesAsync(service, "test");
        await service.UntilCompletedAsync(service.Bot, 1);
        await FiveTimesAsync(service, "test");
        await service.UntilHandledAsync();
        string[] all = ["submitted", "scheduled", "started", .. Enumerable.Repeat("conversation_deleted", 30), "completed"];
        Assert.Equal(all, await TypesAsync(service, job));
        Assert.Equal("completed done 30 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
    }

    [SkippableFact]
    public async Task Five_thousand_submissions_to_an_open_window_leave_few_messages()
    {
        var service = await shared.WithOwnBotAsync();
        var bot = await service.AddWindowAsync(s_thisHour, lanes: 1);
        // Somebody has the only lane: the wake-ups come and go, and the jobs wait.
        await using var holder = new NpgsqlConnection(service.Database.Superuser);
        await holder.OpenAsync();
        await using (var hold = new NpgsqlCommand("select pg_advisory_lock($1, 0)", holder))
        {
            hold.Parameters.Add(new NpgsqlParameter { Value = LaneDatabase.KeyOf(EngineScene.WindowOf(bot)) });
            await hold.ExecuteNonQueryAsync();
        }
        await service.SubmitManyAsync(bot, 1500);
        await service.UntilHandledAsync();
        await service.HoldsFewMessagesAsync();
        Assert.Equal(1500, await service.CountJobsAsync(bot, "queued"));
    }

    [SkippableFact]
    public async Task A_window_of_two_lanes_never_has_three()
    {
        var service = await shared.WithOwnBotAsync();
        var bot = await service.AddWindowAsync(s_thisHour, lanes: 2);
        await service.AddConversationsAsync("long", 4000, "user-1", bot: bot);
        await service.AddConversationsAsync("a", 50, "user-2", bot: bot);
        await service.SubmitAsync(new { cId = "user-1" }, bot);
        await service.SubmitManyAsync(bot, 50);

        var most = 0;
        await Steps.UntilAsync("not all jobs end", async () =>
        {
            most = Math.Max(most, (await service.LanesHeldAsync(EngineScene.WindowOf(bot))).Length);
            return await service.CountJobsAsync(bot) == 51;
        });
        Assert.Equal(2, most);
    }

    private static async Task FiveTimesAsync(TestService service, string window)
    {
        var messages = service.Services.GetRequiredService<Messages>();
        for (var i = 0; i < 5; i++)
            await messages.SendAsync(new WakeWindow(window, null), TimeSpan.Zero);
    }

    private static Task<string[]> TypesAsync(TestService service, string job)
    {
        Assert.True(JobId.TryParse(job, out var id));
        return service.ScalarAsync<string[]>(
            "select array_agg(type order by version) from ledger.mt_events where stream_id = $1", id.Value);
    }
}
