using System.Text.RegularExpressions;
using Ledger.Execution.Turns;
using Ledger.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Scale;

/// <summary>What a sweep asks of the database when there is nothing to do. The server's own log counts it.</summary>
public sealed partial class SweepStatementsTests
{
    private const int MoreWindows = 50;

    [SkippableFact]
    public async Task A_sweep_asks_no_more_statements_for_50_further_open_windows()
    {
        var server = await TestDatabase.ServerAsync();
        var serverLog = Path.Combine(server.DataDirectory, "cluster", "server.log");
        await using var service = await TestService.StartAsync();
        await service.ExecuteAsync($"alter database {service.Database.Name} set log_statement = 'all'");
        service.ClearPools();

        var one = await StatementsAsync(service, serverLog);
        for (var i = 0; i < MoreWindows; i++)
        {
            var define = new DefineWindow($"open-{i}", "0 0 * * * ?", "UTC", 7200, 4, "test", null);
            Assert.Null(await service.Registry.DefineWindowAsync(define, CancellationToken.None));
        }
        Assert.InRange(one, 1, 12);
        Assert.Equal(one, await StatementsAsync(service, serverLog));
    }

    /// <summary>Of a pass for which the registry is known, in sessions that are open.</summary>
    private static async Task<int> StatementsAsync(TestService service, string serverLog)
    {
        var sweep = service.Services.GetRequiredService<Sweep>();
        await service.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(service.Time.GetTimestamp(), CancellationToken.None);
        await sweep.RunOnceAsync(CancellationToken.None);
        var from = new FileInfo(serverLog).Length;
        await sweep.RunOnceAsync(CancellationToken.None);
        await using var log = new FileStream(serverLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Seek(from, SeekOrigin.Begin);
        using var reader = new StreamReader(log);
        return Asked().Count(await reader.ReadToEndAsync());
    }

    [GeneratedRegex("execute [^:\n]+: [^\n]*(ledger.window_state|migration 0005|ledger.window_wakes|mt_doc_job)")]
    private static partial Regex Asked();
}
