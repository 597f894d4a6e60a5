using Ledger.Execution.Turns;
using Ledger.Registry;
using Ledger.SystemTests.Rebuilding;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Execution;

/// <summary>Pause and resume, of a bot or of all (docs/adr/0053).</summary>
public sealed class PauseTests
{
    private const int BatchSize = 4;

    [SkippableFact]
    public async Task A_pause_in_mid_job_waits_for_the_batch_at_work_and_resume_goes_on_with_the_right_counts()
    {
        await using var service = await StartAsync();
        var other = await service.AddBotAsync();
        await service.AddConversationsAsync("a", 10, "u-1");
        await service.AddConversationsAsync("b", 5, "u-1", bot: other);
        var job = await service.SubmitAsync(new { cId = "u-1" });
        var held = await service.LockConversationAsync("a-00006"); // in the second batch
        var running = service.RunSlicesAsync();
        await service.UntilALaneWaitsAsync();
        var pausing = PauseAsync(service, service.Bot);
        await Steps.UntilAsync("the pause does not wait", () => service.ScalarAsync<bool>(
            """
            select exists (select from pg_locks where locktype = 'advisory' and not granted
                and database = (select oid from pg_database where datname = current_database()))
            """));
        Assert.False(pausing.IsCompleted);
        await held.DisposeAsync();
        await pausing;
        Assert.Equal("queued paused 8/10", await ProgressAsync(service, job)); // the batch at work was committed
        await running;

        // Others go on, and the bot's own new job is recorded and planned.
        var others = await service.SubmitAsync(new { cId = "u-1" }, other);
        var late = await service.SubmitAsync(new { conversationIds = new[] { "a-00010" } });
        await service.RunSlicesAsync();
        Assert.Equal("completed done 5 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(others, other));
        Assert.Equal("queued paused 8/10", await ProgressAsync(service, job));
        Assert.Equal("queued paused 0/0", await ProgressAsync(service, late));
        Assert.Equal(2, await service.CountConversationsAsync());
        await service.AssertAuditHoldsAsync();

        await ResumeAsync(service, service.Bot);
        await service.RunSlicesAsync();
        Assert.Equal("completed done 10 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal("completed done 0 deleted 0 failed 1 skipped 3 retries", await service.CountsAsync(late));
        Assert.Equal(0, await service.CountConversationsAsync());
        await service.AssertAuditHoldsAsync();
        Assert.Equal(0, (await service.RebuildVerbAsync()).ExitCode);
        await service.AssertAuditHoldsAsync();
    }

    /// <summary>Turns on two sessions, and pauses that come at any moment.</summary>
    [SkippableFact]
    public async Task Nothing_is_deleted_between_a_pause_that_is_answered_and_its_end_however_they_meet()
    {
        const int rounds = 10;
        await using var service = await StartAsync();
        await service.AddConversationsAsync("a", 600, "u-1", perKind: 0);
        string[] jobs =
        [
            await service.SubmitAsync(new { cId = "u-1", endDate = "2026-01-12" }), await service.SubmitAsync(new { cId = "u-1" }),
        ];
        using var stop = new CancellationTokenSource();
        var turns = Task.WhenAll(TurnsAsync(service, stop.Token), TurnsAsync(service, stop.Token), LogAsync(service, stop.Token));
        for (var round = 0; round < rounds; round++)
        {
            var whole = round % 2 == 0;
            Assert.Null(await Pauses(service).PauseAsync(whole ? null : service.Bot, "test", "a test", CancellationToken.None));
            var left = await service.CountConversationsAsync();
            await service.ScalarAsync<long>("select count(*) from generate_series(1, 300000)"); // what runs on would show
            Assert.Equal(left, await service.CountConversationsAsync());
            await ResumeAsync(service, whole ? null : service.Bot);
            if (left == 0)
                break;
            await Steps.UntilAsync("nothing is deleted", async () => await service.CountConversationsAsync() < left);
        }
        await Steps.UntilAsync("the jobs do not end", async () =>
            (await service.StatusAsync(jobs[0])).GetProperty("status").GetString() == "completed"
            && (await service.StatusAsync(jobs[1])).GetProperty("status").GetString() == "completed");
        await stop.CancelAsync();
        await turns;
        Assert.Equal(0, await service.CountConversationsAsync());
        await service.AssertAuditHoldsAsync();
    }

    [SkippableFact]
    public async Task A_pause_of_all_stops_every_bot_and_one_pause_does_not_end_the_other_and_twice_records_nothing()
    {
        await using var service = await StartAsync();
        var other = await service.AddBotAsync();
        await service.AddConversationsAsync("a", 2, "u-1");
        await service.AddConversationsAsync("b", 3, "u-1", bot: other);
        for (var times = 0; times < 2; times++)
        {
            await PauseAsync(service, bot: null);
            await PauseAsync(service, other);
        }
        var job = await service.SubmitAsync(new { cId = "u-1" });
        var others = await service.SubmitAsync(new { cId = "u-1" }, other);
        await service.RunSlicesAsync();
        Assert.Equal("queued paused 0/0", await ProgressAsync(service, job));
        Assert.Equal("queued paused 0/0", await ProgressAsync(service, others, other));

        await ResumeAsync(service, bot: null);
        await ResumeAsync(service, bot: null);
        await service.RunSlicesAsync();
        Assert.Equal("completed done 2 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal("queued paused 0/0", await ProgressAsync(service, others, other));
        await ResumeAsync(service, other);
        await service.RunSlicesAsync();
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(others, other));
        Assert.Equal(
            "deletions_paused of all, deletions_paused of a bot, deletions_resumed of all, deletions_resumed of a bot",
            await service.ScalarAsync<string>(
                """
                select string_agg(type || case when data ->> 'bot' is null then ' of all' else ' of a bot' end, ', ' order by seq_id)
                from ledger.mt_events where type like 'deletions_%'
                """));
        await service.AssertAuditHoldsAsync();
    }

    [SkippableFact]
    public async Task A_pause_of_an_unknown_bot_is_refused()
    {
        await using var service = await StartAsync();
        var rejection = await Pauses(service).PauseAsync("st-nobody", "test", "why", CancellationToken.None);
        Assert.Contains("there is no such bot", rejection!.Message, StringComparison.Ordinal);
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.mt_events where type like 'deletions_%'"));
    }

    [SkippableFact]
    public async Task A_job_whose_opening_ends_in_the_pause_is_planned_again_after_it()
    {
        await using var service = await Steps.NightServiceAsync("2026-11-20T12:00:00Z");
        await service.AddConversationsAsync("a", 3, "u-1");
        var job = await service.SubmitAsync(new { cId = "u-1" });
        await PauseAsync(service, service.Bot);
        await service.RunAtAsync("2026-11-20T19:00:00Z");
        await service.RunAtAsync("2026-11-21T12:00:00Z");
        Assert.Equal("queued paused 2026-11-20T18:00:00.000Z 0/0", await service.InShortAsync(job));
        await ResumeAsync(service, service.Bot);
        await service.RunAtAsync("2026-11-21T12:00:10Z");
        Assert.Equal("queued waiting 2026-11-21T18:00:00.000Z 0/0", await service.InShortAsync(job));
        await service.RunAtAsync("2026-11-21T18:00:10Z");
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_paused_nothing_is_due_and_no_turn_begins_and_after_it_the_sweep_goes_on(bool isWhole)
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        await service.AddConversationsAsync("a", 3, "u-1");
        await PauseAsync(service, isWhole ? null : service.Bot);
        var registry = service.Services.GetRequiredService<RegistryCache>();
        var snapshot = await registry.ReadSinceAsync(service.Time.GetTimestamp(), CancellationToken.None);
        var job = await service.SubmitAsync(new { cId = "u-1" });
        await using (var connection = await service.Source.OpenConnectionAsync())
        {
            var states = service.Services.GetRequiredService<WindowStates>();
            Assert.Equal(0, (await states.ReadAsync(connection, ["test"], snapshot, CancellationToken.None)).Single().Due);
            Assert.Equal(1, (await states.ReadAsync(connection, ["test"], CancellationToken.None)).Single().Due);
        }
        var health = await service.Client.GetStringAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Contains($"the deletions of {(isWhole ? "all bots" : "a bot")} are paused", health, StringComparison.Ordinal);
        Assert.DoesNotContain(service.Bot, health, StringComparison.Ordinal);
        Assert.Equal("queued paused 0/0", await ProgressAsync(service, job));
        await ResumeAsync(service, isWhole ? null : service.Bot);
        await Steps.UntilAsync(
            "the job does not end", async () => (await service.StatusAsync(job)).GetProperty("status").GetString() == "completed");
    }

    private static Task<TestService> StartAsync() => TestService.StartAsync(new TestServiceOptions
    {
        Execution = new TestServiceOptions().Execution with { BatchSize = BatchSize },
    });

    private static DeletionPauses Pauses(TestService service) => service.Services.GetRequiredService<DeletionPauses>();

    private static async Task PauseAsync(TestService service, string? bot)
    {
        Assert.Null(await Pauses(service).PauseAsync(bot, "test", "a test", CancellationToken.None));
        await service.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(service.Time.GetTimestamp(), CancellationToken.None);
    }

    /// <summary>Resumes, and the node knows of it.</summary>
    private static async Task ResumeAsync(TestService service, string? bot)
    {
        Assert.Null(await Pauses(service).ResumeAsync(bot, "test", null, CancellationToken.None));
        await service.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(service.Time.GetTimestamp(), CancellationToken.None);
    }

    private static async Task<string> ProgressAsync(TestService service, string job, string? bot = null)
    {
        var status = await service.StatusAsync(job, bot);
        var result = status.GetProperty("result");
        return $"{status.GetProperty("status")} {status.GetProperty("phase")} {result.GetProperty("processedCount")}/"
            + $"{result.GetProperty("totalConversations")}";
    }

    private static async Task TurnsAsync(TestService service, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await service.Services.RunSliceAsync("test", CancellationToken.None);
            await Task.Yield();
        }
    }

    private static async Task LogAsync(TestService service, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await service.WriteLogAsync();
            await Task.Yield();
        }
    }
}
