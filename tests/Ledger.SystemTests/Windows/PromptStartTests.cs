using System.Text.Json;

namespace Ledger.SystemTests.Windows;

public sealed class PromptStartTests
{
    [SkippableFact]
    public async Task Work_that_is_submitted_while_its_window_is_open_starts_within_seconds()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        await service.AddConversationsAsync("a", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });

        var status = await EndedAsync(service, job);
        Assert.Equal("completed", status.GetProperty("status").GetString());
        var waited = status.GetProperty("startedAt").GetDateTimeOffset() - status.GetProperty("submittedAt").GetDateTimeOffset();
        Assert.InRange(waited, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(0, await service.CountConversationsAsync());
    }

    private static async Task<JsonElement> EndedAsync(TestService service, string job)
    {
        using var deadline = new CancellationTokenSource(Patience.Limit);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await ticks.WaitForNextTickAsync(deadline.Token))
        {
            if (await service.StatusAsync(job) is var status && status.GetProperty("completedAt").ValueKind != JsonValueKind.Null)
                return status;
        }
        throw new InvalidOperationException("the timer was never stopped");
    }
}
