using Ledger.Execution.Turns;
using Ledger.Windows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Ledger.SystemTests.Messaging;

/// <summary>A node that is told to stop while it has wake-ups.</summary>
public sealed class StoppingNodeTests
{
    [SkippableFact]
    public async Task A_wake_up_that_meets_a_stop_ends_quietly_and_leaves_its_job_to_others()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "unknown" } });
        var window = await service.ScalarAsync<string>("select window_name from ledger.mt_doc_job where bot = $1", service.Bot);
        service.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        // What is thrown here would be logged as a failure.
        await service.Services.GetRequiredService<WindowTurns>().WakeAsync(new WakeWindow(window, null));
        Assert.Equal("queued", (await service.StatusAsync(job)).GetProperty("status").GetString());
    }
}
