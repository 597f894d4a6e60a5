using System.Diagnostics;
using Ledger.Contracts.Transparency;
using Ledger.Log;
using Ledger.Log.Sequencing;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.Bench;

/// <summary>
/// A backlog of events that gets into the log: sequenced, folded into change logs, integrated, checked and signed. Beside it the same
/// entries' leaf hashes in a loop.
/// </summary>
public static class PublishBench
{
    private const int Batch = 1_000;

    /// <returns>The rate for outcomes in batches, and for jobs of two events.</returns>
    public static async Task<Figure[]> RunAsync(bool quick)
    {
        var rounds = quick ? 2 : 7;
        await using var bench = await BenchDatabase.StartAsync();
        await using var node = bench.BuildNode();
        var writer = node.Services.GetRequiredService<LogWriter>();
        return
        [
            await MeasureAsync("publish, outcomes", bench, writer, rounds, jobs: quick ? 2 : 8, outcomes: 8 * Batch),
            await MeasureAsync("publish, small jobs", bench, writer, rounds, jobs: quick ? 1_000 : 8_000, outcomes: 1),
        ];
    }

    private static async Task<Figure> MeasureAsync(string name, BenchDatabase bench, LogWriter writer, int rounds, int jobs, int outcomes)
    {
        var (measured, floor) = (new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var from = await SizeAsync(bench);
            await FilledLedger.AddJobsAsync(bench, $"{name} {round}", jobs, outcomes, Batch);
            var clock = Stopwatch.GetTimestamp();
            var events = 0L;
            while (await writer.RunOnceAsync(CancellationToken.None) is { Events: > 0 } pass)
                events += pass.Problem is null ? pass.Events : throw new InvalidOperationException(pass.Problem);
            var seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
            var hashed = await FloorAsync(bench, from);
            Console.Error.WriteLine(FormattableString.Invariant($"{name} {round}: {events / seconds:N0}/s beside {hashed:N0}/s"));
            if (round == 0)
                continue;
            measured.Add(events / seconds);
            floor.Add(hashed);
        }
        return new Figure(name, "events/s", "log", "hashes in a loop", measured, floor, "40,000/s");
    }

    /// <summary>Leaf hashes a second of the entries from a leaf on.</summary>
    private static async Task<double> FloorAsync(BenchDatabase bench, long from)
    {
        var entries = new List<byte[]>();
        await using (var connection = await bench.Superuser.OpenConnectionAsync())
        {
            await foreach (var leaf in StoredLeaf.ReadAsync(connection, from, await SizeAsync(bench)))
                entries.Add(leaf.Entry());
        }
        var clock = Stopwatch.GetTimestamp();
        var tree = new MerkleRoot();
        foreach (var entry in entries)
            tree.AddLeaf(MerkleTree.LeafHash(entry));
        tree.Root();
        return entries.Count / Stopwatch.GetElapsedTime(clock).TotalSeconds;
    }

    private static async Task<long> SizeAsync(BenchDatabase bench)
    {
        await using var command = bench.Superuser.CreateCommand("select size from ledger.log_state");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
