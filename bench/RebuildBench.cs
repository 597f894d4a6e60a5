using System.Diagnostics;
using Ledger.Audit.Rebuilding;
using Ledger.EventStore;
using Npgsql;

namespace Ledger.Bench;

/// <summary>A rebuild of a ledger in which nothing is wrong, beside a bare select of the same events in the same order.</summary>
public static class RebuildBench
{
    /// <returns>The rate for many streams, and for few long ones.</returns>
    public static async Task<Figure[]> RunAsync(bool quick) =>
    [
        await MeasureAsync("rebuild, many streams", quick ? 2 : 5, jobs: quick ? 500 : 5_000, outcomes: 38),
        await MeasureAsync("rebuild, long streams", quick ? 2 : 5, jobs: 4, outcomes: quick ? 5_000 : 50_000),
    ];

    private static async Task<Figure> MeasureAsync(string name, int rounds, int jobs, int outcomes)
    {
        await using var bench = await BenchDatabase.StartAsync();
        await using var store = MartenSetup.Store(bench.Superuser, TimeProvider.System);
        var events = await FilledLedger.AddJobsAsync(bench, name, jobs, outcomes, 1_000);
        await FilledLedger.PublishAsync(bench);
        // The documents come about in a rebuild that finds all of them missing.
        if ((await RebuildAsync(bench, store)).Wrong < jobs)
            throw new InvalidOperationException("the documents were there");
        await bench.ExecuteAsync(
            "vacuum analyze ledger.mt_doc_job", "vacuum analyze ledger.mt_doc_jobstatus", "vacuum analyze ledger.change_log");
        var (measured, floor) = (new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var clock = Stopwatch.GetTimestamp();
            var report = await RebuildAsync(bench, store);
            var rebuilt = events / Stopwatch.GetElapsedTime(clock).TotalSeconds;
            if (report.Wrong > 0 || report.LeftAlone.Count > 0 || report.Events < events)
                throw new InvalidOperationException($"the ledger is not as the benchmark made it: {report}");
            clock = Stopwatch.GetTimestamp();
            await ReadAsync(bench);
            var read = events / Stopwatch.GetElapsedTime(clock).TotalSeconds;
            Console.Error.WriteLine(FormattableString.Invariant($"{name} {round}: {rebuilt:N0}/s beside {read:N0}/s"));
            if (round == 0)
                continue;
            measured.Add(rebuilt);
            floor.Add(read);
        }
        return new Figure(name, "events/s", "rebuild", "bare select", measured, floor, "0.6");
    }

    private static Task<RebuildReport> RebuildAsync(BenchDatabase bench, Marten.IDocumentStore store) =>
        new Rebuild(bench.Database.ServiceConnection, store, TimeProvider.System).RunAsync(_ => { }, CancellationToken.None);

    private static async Task ReadAsync(BenchDatabase bench)
    {
        await using var connection = await bench.Superuser.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            "set enable_sort = off; select stream_id, version, type, data::text, timestamp from ledger.mt_events order by stream_id, "
            + "version",
            connection)
        {
            CommandTimeout = 0,
        };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            _ = (reader.GetGuid(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4));
    }
}
