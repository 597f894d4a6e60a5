using Ledger.Jobs;
using Ledger.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Execution;

/// <summary>A night with many jobs, and two lanes.</summary>
public sealed class ManyJobsTests
{
    private const int Many = 1_200;
    private const int Few = 20;

    private static readonly string s_started =
        "select count(*) from ledger.mt_doc_job where started_version is not null or status <> 'queued'";

    [SkippableFact]
    public async Task The_first_job_ends_before_a_tenth_has_started_and_small_bots_do_not_wait_for_a_large_one()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            OwnClock = true,
            Lanes = true,
            Window = new("0 0 18 * * ?", "UTC", TimeSpan.FromHours(8), 2),
        });
        await service.Clock.SetAsync(Steps.At("2026-11-20T12:00:00Z"));
        string[] small = [await service.AddBotAsync(), await service.AddBotAsync(), await service.AddBotAsync()];
        await SubmitAsync(service, service.Bot, Many);
        foreach (var bot in small)
            await SubmitAsync(service, bot, Few);

        await service.Clock.SetAsync(Steps.At("2026-11-20T18:00:00Z"));
        await Steps.UntilAsync("no job ends", async () => await service.ScalarAsync<long>(
            "select count(*) from ledger.mt_doc_job where status <> 'queued'") > 0);
        // What had started when the first one ended, by the order in which all was recorded.
        Assert.InRange(
            await service.ScalarAsync<long>(
                "select count(*) from ledger.mt_events where type = 'started' and seq_id < "
                + "(select min(seq_id) from ledger.mt_events where type = 'completed')"),
            1, (Many + (3 * Few)) / 10);

        await Steps.UntilAsync("the small bots wait", async () => await service.ScalarAsync<bool>(
            "select not exists (select from ledger.mt_doc_job where status = 'queued' and bot = any ($1))", [small]));
        var ended = await service.ScalarAsync<long>(
            "select count(*) from ledger.mt_doc_job where status <> 'queued' and bot = $1", service.Bot);
        Assert.InRange(ended, 1, Many / 2);
        Assert.True(await service.ScalarAsync<long>(s_started) < Many);
    }

    private static async Task SubmitAsync(TestService service, string bot, int count)
    {
        var registry = await service.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(
            service.Time.GetTimestamp(), CancellationToken.None);
        var submission = service.Services.GetRequiredService<JobSubmission>();
        var request = new Submission(
            registry.Bots[bot], registry.Windows[registry.Bots[bot].Window], TestService.ClientId,
            new DeletionRequest.ByConversationIds(["nothing"]), null, []);
        await Parallel.ForAsync(0, count, async (_, cancel) => await submission.SubmitAsync(request, cancel));
    }
}
