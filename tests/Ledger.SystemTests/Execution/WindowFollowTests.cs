using Ledger.Cli;
using Ledger.Contracts.Jobs;
using Ledger.Execution.Turns;
using Ledger.Registry;
using Ledger.SystemTests.ChangeLogs;
using Ledger.SystemTests.Cli;
using Microsoft.Extensions.DependencyInjection;
using static Ledger.SystemTests.Execution.Steps;

namespace Ledger.SystemTests.Execution;

/// <summary>A job follows its bot's window: where the bot has another one, and where it is defined anew.</summary>
public sealed class WindowFollowTests
{
    [SkippableFact]
    public async Task A_bot_that_moves_to_another_window_and_back_has_each_waiting_job_planned_again_exactly_twice()
    {
        await using var service = await NightServiceAsync("2026-11-20T12:00:00Z");
        await DefineAsync(service, "other", "0 0 20 * * ?");
        await service.AddConversationsAsync("a", 3, "user-1");
        string[] jobs = [await service.SubmitAsync(new { cId = "user-1" }), await service.SubmitAsync(new { cId = "nobody" })];

        Assert.Equal(0, await FollowAsync(service));
        await MoveAsync(service, "other");
        Assert.Equal(2, await FollowAsync(service));
        Assert.Equal(0, await FollowAsync(service));
        Assert.Equal("queued waiting 2026-11-20T20:00:00.000Z 0/0", await service.InShortAsync(jobs[0]));
        await MoveAsync(service, "test");
        Assert.Equal(2, await FollowAsync(service));
        foreach (var job in jobs)
        {
            Assert.Equal("queued waiting 2026-11-20T18:00:00.000Z 0/0", await service.InShortAsync(job));
            var plans = (await service.EventsAsync(job))
                .Select(e => e.Event)
                .OfType<Scheduled>()
                .Select(plan => $"{plan.Reason} {plan.Window.Name}");
            Assert.Equal(["OffPeak test", "WindowChanged other", "WindowChanged test"], plans);
        }
        await service.RunAtAsync("2026-11-20T18:00:01Z");
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(jobs[0]));
        await service.WriteLogAsync();
        await service.AssertFoldsAsync(jobs[0], await service.ChangeLogAsync(), await service.EventsAsync(jobs[0]));
        Assert.Contains(
            await service.ChangeLogAsync(),
            entry => entry.Message == "The bot's window was changed: planned again for 2026-11-20T20:00:00.000Z in the window other.");
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_job_that_is_planned_for_2028_runs_tonight_once_its_window_says_so()
    {
        await using var service = await NightServiceAsync("2026-11-20T12:00:00Z");
        await DefineAsync(service, "leap", "0 0 3 29 2 ?");
        await MoveAsync(service, "leap");
        await service.AddConversationsAsync("a", 2, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        Assert.Equal("queued waiting 2028-02-29T03:00:00.000Z 0/0", await service.InShortAsync(job));

        await DefineAsync(service, "leap", "0 0 19 * * ?");
        Assert.Equal(1, await FollowAsync(service));
        Assert.Equal("queued waiting 2026-11-20T19:00:00.000Z 0/0", await service.InShortAsync(job));
        await service.Clock.SetAsync(At("2026-11-20T19:00:01Z"));
        await service.RunSlicesAsync("leap");
        Assert.Equal("completed done 2 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_job_whose_window_never_opens_again_is_named_and_runs_when_its_bot_has_another()
    {
        await using var service = await NightServiceAsync("2026-11-20T12:00:00Z");
        await service.AddConversationsAsync("a", 2, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        // What no administrator can say any more, and older ledgers took.
        await service.ExecuteAsync("""
            update ledger.mt_doc_deletionwindow
            set data = jsonb_set(data, '{cron}', '"0 5 16 29 10 ? 2020"'), mt_last_modified = now() where data ->> 'name' = 'test'
            """);
        Assert.Equal(0, await FollowAsync(service));
        await service.RunAtAsync("2026-11-20T19:00:00Z");
        Assert.Equal("queued waiting 2026-11-20T18:00:00.000Z 0/0", await service.InShortAsync(job));

        var ready = (await service.AskAsync("/health/ready")).Is(200).Body;
        Assert.Contains("1 unfinished jobs of 1 bots cannot run", ready, StringComparison.Ordinal);
        Assert.DoesNotContain(service.Bot, ready, StringComparison.Ordinal);
        var listed = await CliDatabase.RunAsync(["jobs", "--connection", service.Database.ConnectionStringFor("ledger_service")]);
        Assert.Equal(ExitCodes.Done, listed.ExitCode);
        Assert.Contains(
            $"1 unfinished job of the bot {service.Bot} cannot run: the window test never opens again", listed.Error,
            StringComparison.Ordinal);
        Assert.Contains($"ledger bot set {service.Bot} --window", listed.Error, StringComparison.Ordinal);

        await DefineAsync(service, "open", "0 0 * * * ?");
        await MoveAsync(service, "open");
        Assert.Equal(1, await FollowAsync(service));
        await service.RunSlicesAsync("open");
        Assert.Equal("completed done 2 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.DoesNotContain("cannot run", (await service.AskAsync("/health/ready")).Is(200).Body, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_retrys_delay_holds_in_another_window_and_a_paused_job_stays_paused()
    {
        await using var service = await NightServiceAsync("2026-11-20T20:00:00Z", batchSize: 2);
        await service.AddTriggerAsync("conversations", "refuse_one", "before delete",
            "if old.conversation_id = 'a-00002' then raise exception 'no'; end if; return old;");
        await service.AddConversationsAsync("a", 2, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var planned = (await service.StatusAsync(job)).GetProperty("scheduledAt").GetString()!;
        Assert.StartsWith("queued retrying 2026-11-20T20:01", await service.InShortAsync(job), StringComparison.Ordinal);

        await DefineAsync(service, "open", "0 0 * * * ?");
        await MoveAsync(service, "open");
        Assert.Equal(1, await FollowAsync(service));
        Assert.Equal($"queued retrying {planned} 2/2", await service.InShortAsync(job));
        await service.RunSlicesAsync("open");
        Assert.Equal($"queued retrying {planned} 2/2", await service.InShortAsync(job));
    }

    [SkippableFact]
    public async Task A_job_at_work_stays_in_its_opening_and_then_goes_on_in_the_other_window()
    {
        await using var service = await NightServiceAsync("2026-11-20T20:00:00Z", batchSize: 2);
        await DefineAsync(service, "noon", "0 0 12 * * ?");
        await service.AddConversationsAsync("a", 5, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        Task slice;
        await using (await service.LockConversationAsync("a-00004"))
        {
            slice = service.RunSlicesAsync();
            await service.UntilALaneWaitsAsync(); // in its second batch
            await MoveAsync(service, "noon");
            Assert.Equal(0, await FollowAsync(service)); // somebody has it
            await service.Clock.SetAsync(At("2026-11-21T02:00:00Z"));
        }
        await slice; // which knew the old window
        Assert.Equal("queued paused 2026-11-21T18:00:00.000Z 2/5", await service.InShortAsync(job));
        Assert.Equal(1, await FollowAsync(service));
        Assert.Equal("queued paused 2026-11-21T12:00:00.000Z 2/5", await service.InShortAsync(job));
        await service.Clock.SetAsync(At("2026-11-21T12:00:01Z"));
        await service.RunSlicesAsync("noon");
        Assert.Equal("completed done 5 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_job_that_cannot_be_planned_again_keeps_no_other_from_it()
    {
        await using var service = await NightServiceAsync("2026-11-20T12:00:00Z");
        await DefineAsync(service, "other", "0 0 20 * * ?");
        string[] jobs = [await service.SubmitAsync(new { cId = "user-1" }), await service.SubmitAsync(new { cId = "user-2" })];
        await service.ExecuteAsync(
            "update ledger.mt_doc_jobstatus set mt_version = 50 where id = $1", Guid.Parse(jobs[0]["cdj-".Length..]));
        await MoveAsync(service, "other");
        Assert.Equal(1, await FollowAsync(service));
        Assert.Equal("queued waiting 2026-11-20T20:00:00.000Z 0/0", await service.InShortAsync(jobs[1]));
    }

    [SkippableFact]
    public async Task A_running_node_follows_by_itself()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Lanes = true,
            Window = new("0 0 3 29 2 ?", "UTC", TimeSpan.FromHours(2), 4),
        });
        await service.AddConversationsAsync("a", 2, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await DefineAsync(service, "test", "0 0 * * * ?");
        await UntilAsync(
            "the job does not follow", async () => (await service.StatusAsync(job)).GetProperty("status").GetString() == "completed");
    }

    private static async Task<int> FollowAsync(TestService service)
    {
        // What was registered just now must be seen.
        await service.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(service.Time.GetTimestamp(), CancellationToken.None);
        // Without a memory of what it has looked at.
        var follower = ActivatorUtilities.CreateInstance<WindowFollower>(service.Services);
        return await follower.FollowAsync(CancellationToken.None);
    }

    private static async Task DefineAsync(TestService service, string name, string cron) =>
        Assert.Null(await service.Registry.DefineWindowAsync(new(name, cron, "UTC", 2 * 3600, 4, "test", null), CancellationToken.None));

    private static async Task MoveAsync(TestService service, string window) =>
        Assert.Null(await service.Registry.ExecuteAsync(
            service.Bot, new ChangeBot(service.Bot, null, null, null, window, "test", null), CancellationToken.None));
}
