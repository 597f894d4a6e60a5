using System.Net;
using Ledger.Log;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.DependencyInjection;
using static Ledger.SystemTests.Execution.Steps;

namespace Ledger.SystemTests.Log;

/// <summary>Nothing is deleted before the log covers the job's Started, nor while the log is behind.</summary>
public sealed class CoverageTests
{
    [SkippableFact]
    public async Task A_started_job_waits_until_a_published_checkpoint_covers_its_Started()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions());
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        // A log that is up to date until just before the job starts.
        await service.WriteLogAsync();
        await SliceAsync(service);
        await SliceAsync(service);
        Assert.Equal("queued running 0 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal(3, await service.CountConversationsAsync());

        await service.WriteLogAsync();
        await SliceAsync(service);
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
    }

    [SkippableFact]
    public async Task Below_the_witnesses_quorum_nothing_is_deleted_and_health_says_why()
    {
        var isMet = false;
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Cosign = (_, note, _) => Task.FromResult(new CosignedNote(note, isMet, "witness.example/w1 does not answer")),
        });
        var writer = service.Services.GetRequiredService<LogWriter>();
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        for (var i = 0; i < 2; i++)
        {
            await writer.RunOnceAsync(CancellationToken.None);
            await SliceAsync(service);
        }
        Assert.Equal(3, await service.CountConversationsAsync());
        Assert.Equal(HttpStatusCode.NotFound, (await service.Client.GetAsync("/log/checkpoint")).StatusCode);
        using var ready = await service.Client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains(
            "log: the witnesses' quorum has not cosigned the latest checkpoint: witness.example/w1 does not answer",
            await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        isMet = true;
        await service.RunSlicesAsync();
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync("/health/ready")).StatusCode);
    }

    [SkippableTheory]
    [InlineData("log.checkpoint", true)] // an IOException
    [InlineData("log.key", false)] // a LogException
    public async Task Health_tells_nobody_where_the_keys_are_and_the_services_log_does(string file, bool isFolder)
    {
        var log = new TestLog();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Log = log });
        var path = Path.Combine(service.KeyDirectory, file);
        if (isFolder)
            Directory.CreateDirectory(path);
        else
            await File.WriteAllTextAsync(path, "damaged");
        Assert.Contains(
            path, (await service.Services.GetRequiredService<LogWriter>().RunOnceAsync(CancellationToken.None)).Problem,
            StringComparison.Ordinal);

        using var ready = await service.Client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var answer = await ready.Content.ReadAsStringAsync();
        Assert.Contains(
            "log: the key folder cannot be used: see the service's log", answer.Replace("\\u0027", "'", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.DoesNotContain(file, answer, StringComparison.Ordinal);
        Assert.DoesNotContain(service.KeyDirectory, answer, StringComparison.Ordinal);
        Assert.Contains(log.All, line => line.Contains(path, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task While_the_log_is_behind_nothing_is_deleted_health_says_so_and_a_closed_windows_job_is_planned_anew_all_the_same()
    {
        await using var service = await NightServiceAsync("2026-11-20T20:00:00Z", batchSize: 2);
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await SliceAsync(service);
        await service.WriteLogAsync(); // covers Started
        await service.Clock.AdvanceAsync(TimeSpan.FromSeconds(11));
        await SliceAsync(service);
        Assert.Equal(3, await service.CountConversationsAsync());
        Assert.Contains(
            "log: it is behind, and deletions wait for it",
            await (await service.Client.GetAsync("/health/ready")).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await service.Clock.SetAsync(At("2026-11-21T02:00:00Z"));
        await SliceAsync(service);
        Assert.Equal("queued paused 2026-11-21T18:00:00.000Z 0/3", await service.InShortAsync(job));

        await service.Clock.SetAsync(At("2026-11-21T18:00:01Z"));
        await SliceAsync(service);
        Assert.Equal(3, await service.CountConversationsAsync());
        await service.RunSlicesAsync();
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
    }

    [SkippableFact]
    public async Task After_the_servers_clock_stepped_back_nothing_is_deleted_until_the_log_says_anew_that_it_is_up_to_date()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions());
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await SliceAsync(service);
        await service.WriteLogAsync();
        await service.ExecuteAsync("update ledger.log_state set covered_until = now() + interval '1 hour'");
        await SliceAsync(service);
        Assert.Equal(3, await service.CountConversationsAsync());
        await service.WriteLogAsync();
        await SliceAsync(service);
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
    }

    [SkippableFact]
    public async Task A_running_node_covers_an_event_within_a_second_and_keeps_saying_so_when_idle()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { WriterLoop = true });
        await service.SubmitAsync(new { cId = "user-1" });
        await UntilAsync(
            "the submission is not covered",
            () =>
                service.ScalarAsync<bool>(
                    "select exists (select from ledger.log_checkpoints where published_at is not null and size = (select count(*) from "
                    + "ledger.mt_events))"
                )
        );
        var covered = await service.ScalarAsync<DateTime>("select covered_until from ledger.log_state");
        await UntilAsync(
            "no heartbeat",
            async () => await service.ScalarAsync<DateTime>("select covered_until from ledger.log_state") > covered.AddSeconds(1));
    }

    private static Task SliceAsync(TestService service) => service.Services.RunSliceAsync("test");
}
