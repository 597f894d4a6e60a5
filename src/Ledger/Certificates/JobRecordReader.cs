using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Projections;
using Ledger.Proofs;
using Npgsql;

namespace Ledger.Certificates;

/// <summary>
/// Reads what a certificate is made from. The job has ended and its log only grows, so several statements see the same record.
/// </summary>
public sealed class JobRecordReader(NpgsqlDataSource database)
{
    private const int RowsAtOnce = 250;

    private static readonly string StatusSql = Sql.Load(typeof(JobRecordReader), nameof(StatusAsync));
    private static readonly string HistorySql = Sql.Load(typeof(JobRecordReader), nameof(HistoryAsync));

    /// <exception cref="ContradictoryRecordException">The job's events break a rule.</exception>
    internal async Task<JobRecord> ReadAsync(ProvableJob job, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var (status, version, signedAt) = await StatusAsync(connection, job, cancel);
        var history = await HistoryAsync(connection, job.Id, cancel);
        return new JobRecord(job, version, history, status, await LeavesAsync(job.Id, cancel), signedAt);
    }

    private static async Task<(Projections.Status.JobStatus Status, long Version, DateTimeOffset SignedAt)> StatusAsync(
        NpgsqlConnection connection, ProvableJob job, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(StatusSql, connection)
        {
            Parameters = { new() { Value = job.Id.Value }, new() { Value = job.Checkpoint.Origin }, new() { Value = job.Checkpoint.Size } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? (
                JsonSerializer.Deserialize(reader.GetString(0), DocumentJson.Default.JobStatus)!, reader.GetInt64(1),
                Instant.Truncate(reader.GetFieldValue<DateTimeOffset>(2)))
            : throw new ContradictoryRecordException("the job has no status document");
    }

    /// <summary>Rows are read while those before them are checked.</summary>
    private static async Task<RecordedHistory> HistoryAsync(NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        var history = new RecordedHistory(job);
        await using var command = new NpgsqlCommand(HistorySql, connection) { Parameters = { new() { Value = job.Value } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var next = RowsAsync(reader, cancel);
        try
        {
            while (await next is { Count: > 0 } rows)
            {
                next = Task.Run(() => RowsAsync(reader, cancel), cancel);
                foreach (var (version, type, at, data) in rows)
                    history.Add(version, type, at, data);
            }
        }
        finally
        {
            await Task.WhenAny(next); // nobody may read on when the reader is closed
        }
        history.End();
        return history;
    }

    /// <summary>The next rows; none at the end.</summary>
    private static async Task<List<(long Version, string Type, DateTimeOffset At, byte[] Data)>> RowsAsync(
        NpgsqlDataReader reader, CancellationToken cancel)
    {
        var rows = new List<(long, string, DateTimeOffset, byte[])>(RowsAtOnce);
        while (rows.Count < RowsAtOnce && await reader.ReadAsync(cancel))
            rows.Add((
                reader.GetInt64(0), reader.GetString(1), Instant.Truncate(reader.GetFieldValue<DateTimeOffset>(3)),
                reader.GetFieldValue<byte[]>(2)));
        return rows;
    }

    private async Task<JobLeaves> LeavesAsync(JobId job, CancellationToken cancel)
    {
        var (first, end, events, runs) = (-1L, 0L, 0L, 0L);
        var ranges = new List<CertifiedRange>();
        await foreach (var run in LeafRun.OfJobAsync(database, job, cancel))
        {
            (first, end, events, runs) = (first < 0 ? run.First : first, run.End, events + run.Count, runs + 1);
            if (ranges.Count < CertifiedLeaves.MaxRanges)
                ranges.Add(new CertifiedRange(run.First, run.End));
        }
        return new JobLeaves(first, end, events, runs, ranges);
    }
}
