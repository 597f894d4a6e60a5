using System.Diagnostics;
using Ledger.Contracts.Jobs;
using Ledger.Identifiers;
using Ledger.Jobs;
using Ledger.Registry;
using Ledger.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.Bench;

/// <summary>
/// Peak resident memory (VmHWM) of a whole node, in a process of its own, that runs one job over many conversations, beside one that runs a job over few. 10 items each.
/// </summary>
public static class MemoryBench
{
    private const int Items = 10;

    public static async Task<Figure> RunAsync(bool quick)
    {
        var (rounds, few, many) = quick ? (1, 2_000, 50_000) : (2, 2_000, 200_000);
        await using var bench = await BenchDatabase.StartAsync();
        var (measured, floor) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            await bench.SeedAsync(BenchDatabase.Bot, $"few-{round}", few, Items);
            await bench.SeedAsync(BenchDatabase.Bot, $"many-{round}", many, Items);
            floor.Add(PeakOf(bench, $"few-{round}"));
            measured.Add(PeakOf(bench, $"many-{round}"));
            Console.Error.WriteLine(FormattableString.Invariant($"memory {round}: {measured[^1]:N0} KiB beside {floor[^1]:N0} KiB"));
        }
        return new Figure($"memory, {many:N0} against {few:N0} conversations of {Items} items", "KiB", "many", "few", measured, floor, "at most 1.2");
    }

    /// <summary>The second process: a node that runs the one job and says what it took.</summary>
    public static async Task<int> RunNodeAsync(string keys, string cId)
    {
        var connection = (await Console.In.ReadLineAsync())!;
        await using var node = LedgerService.Build(new ServiceSettings
        {
            Connection = connection,
            Keys = KeyFolder.Open(keys),
            Urls = "http://127.0.0.1:0",
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            Lanes = new LaneSchedulerOptions { PollInterval = TimeSpan.FromMilliseconds(500) },
        });
        await node.StartAsync();
        var registry = await node.Services.GetRequiredService<RegistryCache>().CurrentAsync(CancellationToken.None);
        var bot = registry.Bots[BenchDatabase.Bot];
        var request = new DeletionRequest.ByChannelUser(cId, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var accepted = (SubmissionResult.Accepted)await node.Services.GetRequiredService<JobSubmission>().SubmitAsync(
            new Submission(bot, registry.Windows[bot.Window], BenchDatabase.Client, request, null, []), CancellationToken.None);
        await EndedAsync(node.Services.GetRequiredService<JobReader>(), accepted.JobId);
        var peak = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        Console.WriteLine(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        return 0;
    }

    private static async Task EndedAsync(JobReader reader, JobId job)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (await timer.WaitForNextTickAsync())
        {
            if (await reader.StatusAsync(BenchDatabase.Bot, job, CancellationToken.None) is { Ended: true })
                return;
        }
    }

    private static double PeakOf(BenchDatabase bench, string cId)
    {
        var keys = Ledger.Database.EmbeddedDatabase.KeysOf(bench.Database.Postgres.DataDirectory);
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(MemoryBench).Assembly.Location, "memory-node", keys, cId])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.WriteLine(bench.Database.ServiceConnection);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Split('\n').Select(line => double.TryParse(line, out var peak) ? peak : (double?)null).LastOrDefault(peak => peak is not null)
            ?? throw new InvalidOperationException($"the node did not say what it took:\n{output}");
    }
}
