using System.Diagnostics;
using Ledger.Audit.Rebuilding;
using Ledger.Certificates;
using Ledger.Contracts.Jobs;
using Ledger.EventStore;
using Ledger.Log;
using Ledger.Proofs;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.Bench;

/// <summary>
/// The certificate of a job of many conversations, beside a bare select of the job's rows; and the managed memory that it takes at its
/// highest, after a collection, beside that of a small job's.
/// </summary>
public static class CertificateBench
{
    private const int Batch = 1_000;

    /// <returns>The time, and the memory.</returns>
    public static async Task<Figure[]> RunAsync(bool quick)
    {
        var (rounds, few, many) = quick ? (2, 10_000, 100_000) : (3, 100_000, 1_000_000);
        await using var bench = await BenchDatabase.StartAsync();
        var (small, large) = (
            await FilledLedger.AddErasedJobAsync(bench, few, Batch), await FilledLedger.AddErasedJobAsync(bench, many, Batch));
        await FilledLedger.PublishAsync(bench);
        await using (var store = MartenSetup.Store(bench.Superuser, TimeProvider.System))
            await new Rebuild(bench.Database.ServiceConnection, store, TimeProvider.System).RunAsync(_ => { }, CancellationToken.None);
        await using var node = bench.BuildNode();
        var (measured, floor, peaks, smallPeaks) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var issued = await TimeAsync(() => IssueAsync(node.Services, large, many));
            var read = await TimeAsync(() => ReadAsync(node.Services.GetRequiredService<NpgsqlDataSource>(), large));
            Console.Error.WriteLine(FormattableString.Invariant($"certificate {round}: {issued:N0} ms beside {read:N0} ms"));
            if (round == 0)
                continue; // what is loaded and compiled once
            measured.Add(issued);
            floor.Add(read);
            peaks.Add(await PeakAsync(() => IssueAsync(node.Services, large, many)));
            smallPeaks.Add(await PeakAsync(() => IssueAsync(node.Services, small, few)));
            Console.Error.WriteLine(FormattableString.Invariant($"certificate {round}: {peaks[^1]:N0} KiB beside {smallPeaks[^1]:N0} KiB"));
        }
        return
        [
            new Figure(
                $"certificate of {many:N0} conversations", "ms", "certificate", "bare select", measured, floor, "at most 10,000 ms"),
            new Figure(
                $"certificate, {many:N0} against {few:N0} conversations", "KiB", "many", "few", peaks, smallPeaks, "at most 1.5"),
        ];
    }

    /// <summary>As the endpoint does it.</summary>
    private static async Task IssueAsync(IServiceProvider services, JobId job, long conversations)
    {
        var (database, log) = (services.GetRequiredService<NpgsqlDataSource>(), services.GetRequiredService<PublishedLog>());
        if (await ProvableJob.FindAsync(database, log, job, CancellationToken.None) is not Provability.Ready { Job: var provable })
            throw new InvalidOperationException("the job cannot be certified yet");
        var certificate = CertificateIssue.Of(
            await services.GetRequiredService<JobRecordReader>().ReadAsync(provable, CancellationToken.None),
            log.KeyOf(provable.Checkpoint.Origin), "https://ledger.example/proof", "https://ledger.example/verify", "bench",
            TimeProvider.System.GetUtcNow());
        if (certificate.Conversations.Erased != conversations)
            throw new InvalidOperationException($"the certificate is of {certificate.Conversations.Erased} conversations");
    }

    private static async Task ReadAsync(NpgsqlDataSource database, JobId job)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            "select version, type, data::text, timestamp from ledger.mt_events where stream_id = $1 order by version", connection)
        {
            Parameters = { new() { Value = job.Value } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            _ = (reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<DateTimeOffset>(3));
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var clock = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(clock).TotalMilliseconds;
    }

    /// <summary>Managed memory at its highest while the work is done, in KiB.</summary>
    private static async Task<double> PeakAsync(Func<Task> work)
    {
        var working = Task.Run(work);
        var peak = 0L;
        while (!working.IsCompleted)
        {
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true));
            await Task.WhenAny(working, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System));
        }
        await working;
        return peak / 1024.0;
    }
}
