using Ledger.SystemTests.Execution;

namespace Ledger.SystemTests.Messaging;

/// <summary>Jobs that run by the engine's messages alone: no sweep looks for them.</summary>
public class MessagesTests
{
    [SkippableFact]
    public async Task A_job_of_an_open_window_runs_by_messages_alone()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Engine = true });
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await Steps.UntilAsync("the job does not end", async () => (await service.StatusAsync(job)).GetProperty("status").GetString() == "completed");
        Assert.Equal(0, await service.CountConversationsAsync());
    }
}
