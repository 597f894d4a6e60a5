using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledger.Jobs;
using Ledger.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.Bench;

/// <summary>
/// Resident memory (VmRSS) of a whole node, in a process of its own, after it ran many jobs of three conversations, beside one that ran
/// few. One item each.
/// </summary>
public static class SmallJobsBench
{
    private const int Conversations = 3;
    private const int Submitters = 4;

    public static async Task<Figure> RunAsync(bool quick)
    {
        var (few, many) = quick ? (200, 2_000) : (200, 20_000);
        await using var bench = await BenchDatabase.StartAsync();
        await bench.SeedAsync(BenchDatabase.Bot, "few", few * Conversations, items: 1);
        await bench.SeedAsync(BenchDatabase.Bot, "many", many * Conversations, items: 1);
        double[] floor = [NodeProcess.Run(bench, "small-jobs-node", "few", $"{few}")];
        double[] measured = [NodeProcess.Run(bench, "small-jobs-node", "many", $"{many}")];
        return new Figure(
            $"memory after {many:N0} against {few:N0} jobs of {Conversations} conversations", "KiB", "many", "few", measured, floor,
            "at most 1.2");
    }

    /// <summary>The second process: a node that runs the jobs and says what it holds after them.</summary>
    public static Task<int> RunNodeAsync(string keys, string cId, int jobs) => NodeProcess.ServeAsync(keys, async node =>
    {
        var aside = new ParallelOptions { MaxDegreeOfParallelism = Submitters };
        await Parallel.ForAsync(0, jobs, aside, async (job, cancel) => await SubmitAsync(node, cId, job, cancel));
        await NodeProcess.UntilNoJobIsLeftAsync(node);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{jobs} jobs: {NodeProcess.StatusOf("VmHWM")} KiB at most, {Managed()}"));
        return NodeProcess.StatusOf("VmRSS");
    });

    private static string Managed()
    {
        var memory = GC.GetGCMemoryInfo();
        return string.Create(
                CultureInfo.InvariantCulture,
                $"{GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)} collections, "
                + $"{GC.GetTotalAllocatedBytes() >> 20} MiB allocated, "
            )
            + string.Create(
                CultureInfo.InvariantCulture, $"heap {memory.HeapSizeBytes >> 20} MiB, committed {memory.TotalCommittedBytes >> 20} MiB");
    }

    private static async Task SubmitAsync(WebApplication node, string cId, int job, CancellationToken cancel)
    {
        var registry = await node.Services.GetRequiredService<RegistryCache>().CurrentAsync(cancel);
        var bot = registry.Bots[BenchDatabase.Bot];
        string[] ids = [.. Enumerable.Range(1 + job * Conversations, Conversations).Select(n => IdOf(cId, n))];
        await node.Services.GetRequiredService<JobSubmission>().SubmitAsync(
            new Submission(bot, registry.Windows[bot.Window], BenchDatabase.Client, new DeletionRequest.ByConversationIds(ids), null, []),
            cancel);
    }

    /// <summary>As <see cref="BenchDatabase.SeedAsync"/> names them.</summary>
    private static string IdOf(string cId, int n)
    {
#pragma warning disable CA5351 // names of test data
        var digest = MD5.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{BenchDatabase.Bot}{cId}{n}")));
#pragma warning restore CA5351
        return Convert.ToHexStringLower(digest)[..24];
    }
}
