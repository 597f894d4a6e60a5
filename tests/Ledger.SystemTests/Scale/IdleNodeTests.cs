using System.Text.RegularExpressions;
using Ledger.Engine;
using Ledger.Execution;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit.Abstractions;

namespace Ledger.SystemTests.Scale;

/// <summary>What a node asks of the database when there is nothing to do. The server's own log counts it.</summary>
public sealed partial class IdleNodeTests(ITestOutputHelper output)
{
    private const int MoreWindows = 50;

    /// <summary>Long enough for what comes round every few seconds.</summary>
    private static readonly TimeSpan s_span = TimeSpan.FromSeconds(15);

    [SkippableFact]
    public async Task It_asks_no_more_statements_for_50_further_open_windows()
    {
        var server = await TestDatabase.ServerAsync();
        var serverLog = Path.Combine(server.DataDirectory, "cluster", "server.log");
        await using var service = await TestService.StartAsync();
        await service.ExecuteAsync($"alter database {service.Database.Name} set log_statement = 'all'");
        // What is counted is one node's.
        await service.Services.GetRequiredService<IHost>().StopAsync();
        await using var node = service.BuildNode(new EngineOptions(), new TurnOptions());
        await node.StartAsync();
        // It leads, and looks after the messages of all nodes.
        await Steps.UntilAsync("the node leads nothing", () => service.ScalarAsync<bool>(
            "select count(*) > 1 from wolverine.wolverine_node_assignments"));

        var one = await StatementsAsync(serverLog);
        for (var i = 0; i < MoreWindows; i++)
        {
            var define = new DefineWindow($"open-{i}", "0 0 * * * ?", "UTC", 7200, 4, "test", null);
            Assert.Null(await service.Registry.DefineWindowAsync(define, CancellationToken.None));
        }
        var many = await StatementsAsync(serverLog);
        await node.StopAsync();

        // 13 of them are the engine's look at its tables, once a second, on the node that leads. The aim is 20.
        output.WriteLine($"statements a second: {one:F1} with one window, {many:F1} with {MoreWindows} more");
        Assert.InRange(one, 1, 32);
        // Far below one statement a second for each.
        Assert.InRange(many, 1, one + MoreWindows / 5.0);
    }

    /// <summary>What the server logs of this test's database in a while, a second. Other tests' databases log no statements.</summary>
    private static async Task<double> StatementsAsync(string serverLog)
    {
        var (from, began) = (new FileInfo(serverLog).Length, TimeProvider.System.GetTimestamp());
        // Not to wait for anything: this is the time over which is counted.
        await Task.Delay(s_span, TimeProvider.System);
        await using var log = new FileStream(serverLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Seek(from, SeekOrigin.Begin);
        using var reader = new StreamReader(log);
        return Statement().Count(await reader.ReadToEndAsync()) / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    [GeneratedRegex("LOG:  (statement|execute [^:\n]+): ")]
    private static partial Regex Statement();
}
