using Ledger.Execution.Turns;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Execution;

/// <summary>The net under the messages.</summary>
public sealed class SweepTests
{
    private const string Six = "2026-11-20T18:00:00Z";

    [SkippableFact]
    public async Task A_sweep_that_stands_still_makes_the_node_not_ready_until_it_goes_on()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions());
        await using var node = service.BuildNode(
            engine: null, new TurnOptions { SweepInterval = TimeSpan.FromMilliseconds(100), LongestSweep = TimeSpan.FromSeconds(1) });
        await node.StartAsync();
        var sweep = node.Services.GetRequiredService<Sweep>();
        await using var holder = new NpgsqlConnection(service.Database.Superuser);
        await holder.OpenAsync();
        await using (var transaction = await holder.BeginTransactionAsync())
        {
            await using var stop = new NpgsqlCommand("lock table ledger.mt_doc_job in access exclusive mode", holder);
            await stop.ExecuteNonQueryAsync();
            await Steps.UntilAsync("nobody sees that the sweep stands still", () => Task.FromResult(sweep.Outage is not null));
            Assert.Matches("^this node's sweep has stood still for [0-9]+ s; restart the node", sweep.Outage);
        }
        await Steps.UntilAsync("the sweep does not go on", () => Task.FromResult(sweep.Outage is null));
        await node.StopAsync();
    }

    [SkippableFact]
    public async Task Jobs_whose_opening_has_ended_are_planned_into_the_next_one_while_their_window_is_closed()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            OwnClock = true,
            Window = new("0 0 18 * * ?", "UTC", TimeSpan.FromHours(2), 2),
        });
        await service.Clock.SetAsync(Steps.At(Six).AddHours(-1));
        await service.AddConversationsAsync("a", 2, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.Clock.SetAsync(Steps.At(Six).AddHours(3));
        await service.Services.GetRequiredService<Sweep>().RunOnceAsync(CancellationToken.None);
        await Steps.UntilAsync(
            "the job is not planned again",
            async () => await service.InShortAsync(job) == "queued waiting 2026-11-21T18:00:00.000Z 0/0");
        Assert.Equal(2, await service.CountConversationsAsync());
    }
}
