using Ledger.Jobs;
using Ledger.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.Bench;

/// <summary>
/// Peak resident memory (VmHWM) of a whole node, in a process of its own, that runs one job over many conversations, beside one that runs
/// a job over few. 10 items each.
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
            floor.Add(NodeProcess.Run(bench, "memory-node", $"few-{round}"));
            measured.Add(NodeProcess.Run(bench, "memory-node", $"many-{round}"));
            Console.Error.WriteLine(FormattableString.Invariant($"memory {round}: {measured[^1]:N0} KiB beside {floor[^1]:N0} KiB"));
        }
        return new Figure(
            $"memory, {many:N0} against {few:N0} conversations of {Items} items", "KiB", "many", "few", measured, floor, "at most 1.2");
    }

    /// <summary>The second process: a node that runs the one job and says what it took.</summary>
    public static Task<int> RunNodeAsync(string keys, string cId) => NodeProcess.ServeAsync(keys, async node =>
    {
        var registry = await node.Services.GetRequiredService<RegistryCache>().CurrentAsync(CancellationToken.None);
        var bot = registry.Bots[BenchDatabase.Bot];
        var request = new DeletionRequest.ByChannelUser(cId, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        await node.Services.GetRequiredService<JobSubmission>().SubmitAsync(
            new Submission(bot, registry.Windows[bot.Window], BenchDatabase.Client, request, null, []), CancellationToken.None);
        await NodeProcess.UntilNoJobIsLeftAsync(node);
        return NodeProcess.StatusOf("VmHWM");
    });
}
