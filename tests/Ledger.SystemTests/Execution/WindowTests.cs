using Ledger.Contracts.Jobs;
using Ledger.Registry;
using Microsoft.Extensions.DependencyInjection;
using static Ledger.SystemTests.Execution.Steps;

namespace Ledger.SystemTests.Execution;

/// <summary>Nothing is deleted outside a window; what a window's end interrupts goes on in the next.</summary>
public sealed class WindowTests
{
    [SkippableFact]
    public async Task A_job_submitted_outside_its_window_waits_for_the_next_opening_and_runs_in_it()
    {
        await using var service = await NightServiceAsync("2026-11-20T12:00:00Z");
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });

        await service.RunSlicesAsync();
        Assert.Equal("queued waiting 2026-11-20T18:00:00.000Z 0/0", await service.InShortAsync(job));
        await service.RunAtAsync("2026-11-20T17:59:50Z");
        Assert.Equal(3, await service.CountConversationsAsync());

        await service.RunAtAsync("2026-11-20T18:00:01Z");
        Assert.Equal("completed done 2026-11-20T18:00:00.000Z 3/3", await service.InShortAsync(job));
        Assert.Equal(0, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_job_that_the_windows_end_meets_between_two_batches_goes_on_in_the_next_opening()
    {
        await using var service = await NightServiceAsync("2026-11-20T20:00:00Z", batchSize: 2);
        await service.AddConversationsAsync("a", 7, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        // As soon as others see four outcomes, that is after the second batch's commit, it is eight hours later.
        await service.ExecuteAsync(
            """
            create or replace function test_clock.clock_timestamp() returns timestamptz language sql volatile as $$
                select pg_catalog.machine_clock_timestamp() + (select by from test_clock.shift) + case when (
                    select count(*) from ledger.mt_events
                    where type = 'conversation_deleted'
                        and xmin::text <> coalesce((pg_current_xact_id_if_assigned()::xid)::text, '')) = 4
                        then interval '8 hours' else '0' end $$
            """);

        await service.RunSlicesAsync();
        Assert.Equal("queued paused 2026-11-21T18:00:00.000Z 4/7", await service.InShortAsync(job));
        Assert.Equal(3, await service.CountConversationsAsync());
        Assert.Equal(ScheduleReason.WindowClosed, ((Scheduled)(await service.EventsAsync(job))[^1].Event).Reason);

        await service.ExecuteAsync(
            "create or replace function test_clock.clock_timestamp() returns timestamptz language sql volatile as 'select "
            + "pg_catalog.machine_clock_timestamp() + (select by from test_clock.shift)'"
        );
        await service.RunAtAsync("2026-11-21T17:59:50Z");
        Assert.Equal(3, await service.CountConversationsAsync());
        await service.RunAtAsync("2026-11-21T18:00:01Z");
        Assert.Equal("completed done 7 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_batch_that_its_windows_end_overtakes_counts_for_nothing_and_is_repeated_in_the_next_opening()
    {
        await using var service = await NightServiceAsync("2026-11-20T20:00:00Z", batchSize: 2);
        await service.AddConversationsAsync("a", 5, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });

        Task slice;
        await using (await service.LockConversationAsync("a-00004"))
        {
            slice = service.RunSlicesAsync();
            await service.UntilALaneWaitsAsync(); // in its second batch
            await service.Clock.SetAsync(At("2026-11-21T02:00:00Z"));
        }
        await slice;

        Assert.Equal("queued paused 2026-11-21T18:00:00.000Z 2/5", await service.InShortAsync(job));
        Assert.Equal(3, await service.CountConversationsAsync());
        await service.RunAtAsync("2026-11-21T18:00:01Z");
        Assert.Equal("completed done 5 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_job_whose_opening_passed_without_a_node_is_planned_anew_and_still_waits()
    {
        await using var service = await NightServiceAsync("2026-11-20T12:00:00Z");
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });

        await service.RunAtAsync("2026-11-21T10:00:00Z");
        Assert.Equal("queued waiting 2026-11-21T18:00:00.000Z 0/0", await service.InShortAsync(job));
        Assert.Equal(3, await service.CountConversationsAsync());
        await service.RunAtAsync("2026-11-21T18:00:01Z");
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task A_window_that_is_redefined_as_closed_stops_its_jobs_at_once()
    {
        await using var service = await NightServiceAsync("2026-11-20T20:00:00Z");
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        Assert.Null(
            await service.Registry.DefineWindowAsync(new("test", "0 0 22 * * ?", "UTC", 3600, 4, "test", null), CancellationToken.None));
        await service.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(service.Time.GetTimestamp(), CancellationToken.None);

        await service.RunSlicesAsync();
        Assert.Equal("queued waiting 2026-11-20T22:00:00.000Z 0/0", await service.InShortAsync(job));
        Assert.Equal(3, await service.CountConversationsAsync());
        await service.RunAtAsync("2026-11-20T22:00:01Z");
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await service.AssertRecordsAgreeAsync();
    }

    /// <summary>
    /// Daily windows of 2 hours that open at a time which one change of the clocks skips and the other repeats: the openings, each the
    /// next after the one before it.
    /// </summary>
    [SkippableTheory]
    // 29 March: 02:00 does not exist, the window opens when the clocks show 03:00. 25 October: 02:00 comes twice, it opens once.
    [InlineData("0 0 2 * * ?", "Europe/Berlin", "2026-03-29T01:00", "2026-03-30T00:00", "2026-10-25T00:00", "2026-10-26T01:00")]
    // 8 March: 01:59 is followed by 03:00. 1 November: 01:30 comes twice.
    [InlineData("0 30 2 * * ?", "America/New_York", "2026-03-08T07:00", "2026-03-09T06:30")]
    [InlineData("0 30 1 * * ?", "America/New_York", "2026-11-01T05:30", "2026-11-02T06:30")]
    // Half an hour: 5 April, 01:59 is followed by 01:30. 4 October, 01:59 by 02:30.
    [InlineData("0 45 1 * * ?", "Australia/Lord_Howe", "2026-04-04T14:45", "2026-04-05T15:15")]
    [InlineData("0 15 2 * * ?", "Australia/Lord_Howe", "2026-10-03T15:30", "2026-10-04T15:15")]
    public async Task Jobs_run_at_the_right_instants_across_the_clock_changes(string cron, string zone, params string[] openings)
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { OwnClock = true, Window = new(cron, zone, TimeSpan.FromHours(2), 4) });
        foreach (var days in openings.Chunk(2))
        {
            await RunsAsync(service, submitted: At($"{days[0]}:00Z").AddHours(-13), planned: $"{days[0]}:00.000Z");
            // the window has just closed
            await RunsAsync(service, submitted: At($"{days[0]}:30Z").AddHours(2), planned: $"{days[1]}:00.000Z");
        }
        await service.AssertRecordsAgreeAsync();
    }

    private static async Task RunsAsync(TestService service, DateTimeOffset submitted, string planned)
    {
        await service.Clock.SetAsync(submitted);
        await service.AddConversationsAsync(planned, 2, planned, At("2026-01-01T00:00:00Z"));
        var job = await service.SubmitAsync(new { cId = planned });
        Assert.Equal($"queued waiting {planned} 0/0", await service.InShortAsync(job));
        await service.Clock.SetAsync(At(planned).AddSeconds(-5));
        await service.RunSlicesAsync();
        Assert.Equal(2, await service.CountConversationsAsync());
        await service.Clock.SetAsync(At(planned).AddSeconds(1));
        await service.RunSlicesAsync();
        Assert.Equal($"completed done {planned} 2/2", await service.InShortAsync(job));
        Assert.Equal(0, await service.CountConversationsAsync());
    }
}
