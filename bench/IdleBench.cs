using System.Globalization;
using Ledger.Hosting;
using Ledger.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.Bench;

/// <summary>
/// The write-ahead log of a node that has nothing to do, with one open window and with 50 more. A second node is not there, so this one has
/// all the duties of the engine.
/// </summary>
public static class IdleBench
{
    private const int MoreWindows = 50;

    public static async Task<IReadOnlyList<string>> RunAsync(bool quick)
    {
        var span = TimeSpan.FromSeconds(quick ? 15 : 60);
        await using var bench = await BenchDatabase.StartAsync();
        await using var node = LedgerService.Build(new ServiceSettings
        {
            Connection = bench.Database.ServiceConnection,
            Keys = bench.Keys,
            Urls = "http://127.0.0.1:0",
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        });
        await node.StartAsync();
        await BytesAsync(bench, span); // it starts, and takes up its duties
        var one = await BytesAsync(bench, span);
        await DefineAsync(node);
        await BytesAsync(bench, TimeSpan.FromSeconds(5));
        var many = await BytesAsync(bench, span);
        await node.StopAsync();
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"idle, one open window: {one:N0} bytes/s of write-ahead log"),
            string.Create(CultureInfo.InvariantCulture, $"idle, {MoreWindows} more open windows: {many:N0} bytes/s of write-ahead log"),
        ];
    }

    private static async Task DefineAsync(WebApplication node)
    {
        var registry = node.Services.GetRequiredService<RegistryStore>();
        for (var i = 0; i < MoreWindows; i++)
        {
            await registry.DefineWindowAsync(
                new DefineWindow($"open-{i}", "0 0 * * * ?", "UTC", 7200, 4, "bench", null), CancellationToken.None);
        }
    }

    private static async Task<double> BytesAsync(BenchDatabase bench, TimeSpan span)
    {
        var began = await PositionAsync(bench);
        await Task.Delay(span, TimeProvider.System);
        return (await PositionAsync(bench) - began) / span.TotalSeconds;
    }

    private static async Task<double> PositionAsync(BenchDatabase bench)
    {
        await using var command = bench.Superuser.CreateCommand("select (pg_current_wal_insert_lsn() - '0/0')::float8");
        return (double)(await command.ExecuteScalarAsync())!;
    }
}
