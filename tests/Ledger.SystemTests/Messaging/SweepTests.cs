using Ledger.SystemTests.Execution;

namespace Ledger.SystemTests.Messaging;

/// <summary>The sweep is the net under the messages.</summary>
public sealed class SweepTests
{
    [SkippableFact]
    public async Task Jobs_whose_messages_are_lost_again_and_again_are_run_by_the_sweep()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Engine = true, Lanes = true });
        var bot = await service.AddWindowAsync(EngineScene.SecondsFromNow(3), lanes: 4);
        await service.AddConversationsAsync("a", 100, "user-1", bot: bot);
        await service.SubmitManyAsync(bot, 100);
        await Steps.UntilAsync("not all jobs end", async () =>
        {
            await service.ExecuteAsync("delete from wolverine.wolverine_incoming_envelopes; delete from ledger.window_wakes");
            return await service.CountJobsAsync(bot) == 100;
        });
        Assert.Equal(0, await service.CountConversationsAsync(bot));
        await service.AssertRecordsAgreeAsync();
    }
}
