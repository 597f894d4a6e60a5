using System.Diagnostics;
using Ledger.Hosting;
using Ledger.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.Bench;

/// <summary>A process of its own, which says what it measured as the last numbers of its output, one a line.</summary>
internal static class NodeProcess
{
    /// <summary>Runs one of this program's node commands, with the bench's keys as its first argument.</summary>
    public static double Run(BenchDatabase bench, string command, params string[] arguments) => RunAll(bench, command, arguments)[^1];

    /// <summary>The same, with all its numbers.</summary>
    public static IReadOnlyList<double> RunAll(BenchDatabase bench, string command, params string[] arguments)
    {
        var keys = Ledger.Hosting.EmbeddedDatabase.KeysOf(bench.Database.Postgres.DataDirectory);
        string[] line = [typeof(NodeProcess).Assembly.Location, command, keys, .. arguments];
        using var process = Process.Start(new ProcessStartInfo("dotnet", line)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.WriteLine(bench.Database.ServiceConnection);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        double[] numbers =
            [.. output.Split('\n').Select(text => double.TryParse(text, out var measured) ? measured : (double?)null).OfType<double>()];
        return numbers.Length > 0 ? numbers : throw new InvalidOperationException($"the process did not say what it took:\n{output}");
    }

    /// <summary>The other side of <see cref="Run"/>: starts the node and writes what <paramref name="measure"/> gives.</summary>
    public static async Task<int> ServeAsync(string keys, Func<WebApplication, Task<string>> measure)
    {
        var connection = (await Console.In.ReadLineAsync())!;
        await using var node = LedgerService.Build(new ServiceSettings
        {
            Connection = connection,
            Keys = KeyFolder.Open(keys),
            Urls = "http://127.0.0.1:0",
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        });
        await node.StartAsync();
        Console.WriteLine(await measure(node));
        return 0;
    }

    public static async Task UntilNoJobIsLeftAsync(WebApplication node)
    {
        var source = node.Services.GetRequiredService<NpgsqlDataSource>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (await timer.WaitForNextTickAsync())
        {
            await using var command = source.CreateCommand("select not exists (select from ledger.mt_doc_job where status = 'queued')");
            if (await command.ExecuteScalarAsync() is true)
                return;
        }
    }

    /// <summary>A figure of /proc/self/status, in KiB.</summary>
    public static string StatusOf(string name) => File.ReadLines("/proc/self/status")
        .First(line => line.StartsWith(name + ":", StringComparison.Ordinal))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
}
