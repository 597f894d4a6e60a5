using System.Diagnostics;
using Ledger.Database;
using Ledger.Execution;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Registry;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.Bench;

/// <summary>
/// A job's way from claimed to completed, everything on (resolution, sealing, counting, confirmation, events, status, manifest), beside
/// the bare DELETEs of as many conversations in as large batches. 30 items a conversation.
/// </summary>
public static class DeleteBench
{
    private const int Items = 30;

    public static async Task<Figure> RunAsync(bool quick)
    {
        var (rounds, conversations) = quick ? (3, 4 * Manifest.RowSize) : (7, 8 * Manifest.RowSize);
        await using var bench = await BenchDatabase.StartAsync();
        await using var node = bench.BuildNode();
        var (measured, floor) = (new List<double>(), new List<double>());
        // The first round warms up and does not count.
        for (var round = 0; round <= rounds; round++)
        {
            await bench.SeedAsync(BenchDatabase.Bot, $"floor-{round}", conversations, Items);
            await bench.SeedAsync(BenchDatabase.Bot, $"job-{round}", conversations, Items);
            await bench.ExecuteAsync("checkpoint");
            double floorSeconds, jobSeconds;
            if (round % 2 == 0)
                (floorSeconds, jobSeconds) = (await FloorAsync(bench, $"floor-{round}"), await JobAsync(node.Services, $"job-{round}"));
            else
                (jobSeconds, floorSeconds) = (await JobAsync(node.Services, $"job-{round}"), await FloorAsync(bench, $"floor-{round}"));
            if (await RemainingAsync(bench) is var remaining and > 0)
                throw new InvalidOperationException($"{remaining} conversations are left");
            if (round > 0)
            {
                measured.Add(conversations / jobSeconds);
                floor.Add(conversations / floorSeconds);
            }
            Console.Error.WriteLine(
                FormattableString.Invariant($"delete {round}: {conversations / jobSeconds:N0}/s beside {conversations / floorSeconds:N0}/s")
            );
        }
        return new Figure($"delete, {Items} items each", "conversations/s", "job", "bare DELETEs", measured, floor, "0.6");
    }

    private static async Task<double> FloorAsync(BenchDatabase bench, string cId)
    {
        await using var connection = await bench.Superuser.OpenConnectionAsync();
        var keys = new List<long>();
        await using (
            var list = new NpgsqlCommand("select conversation_key from conversations.conversations where cid = $1 order by 1", connection)
            {
                Parameters = { new() { Value = cId } },
            }
        )
        await using (var reader = await list.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                keys.Add(reader.GetInt64(0));
        }
        var clock = Stopwatch.GetTimestamp();
        foreach (var chunk in keys.Chunk(Manifest.RowSize))
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var batch = new NpgsqlBatch(connection, transaction)
            {
                BatchCommands =
                {
                    new("delete from conversations.items where conversation_key = any ($1)") { Parameters = { new() { Value = chunk } } },
                    new("delete from conversations.conversations where conversation_key = any ($1)")
                    {
                        Parameters = { new() { Value = chunk } },
                    },
                },
            };
            await batch.ExecuteNonQueryAsync();
            await transaction.CommitAsync();
        }
        return Stopwatch.GetElapsedTime(clock).TotalSeconds;
    }

    private static async Task<double> JobAsync(IServiceProvider node, string cId)
    {
        var registry = await node.GetRequiredService<RegistryCache>().CurrentAsync(CancellationToken.None);
        var bot = registry.Bots[BenchDatabase.Bot];
        var request = new DeletionRequest.ByChannelUser(cId, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        await node.GetRequiredService<JobSubmission>().SubmitAsync(
            new Submission(bot, registry.Windows[bot.Window], BenchDatabase.Client, request, null, []), CancellationToken.None);
        var clock = Stopwatch.GetTimestamp();
        // The log's writer takes its turns: the job waits for it once it has started, and then every one of its events goes into the log.
        do
            await RunSliceAsync(node);
        while ((await node.GetRequiredService<LogWriter>().RunOnceAsync(CancellationToken.None)).Events > 0);
        return Stopwatch.GetElapsedTime(clock).TotalSeconds;
    }

    private static async Task RunSliceAsync(IServiceProvider node)
    {
        var lanes = node.GetRequiredService<LaneDatabase>();
        await using var lane = (await lanes.TryTakeAsync("bench", lanes: 1, CancellationToken.None))!;
        var slice = new Slice("bench", TimeProvider.System.GetTimestamp(), () => Task.CompletedTask);
        await node.GetRequiredService<SliceRunner>().RunSliceAsync(lane.Session, slice, CancellationToken.None);
    }

    private static async Task<long> RemainingAsync(BenchDatabase bench)
    {
        await using var command = bench.Superuser.CreateCommand("select count(*) from conversations.conversations");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
