using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Proofs;
using Npgsql;

namespace Ledger.Certificates;

/// <summary>
/// Reads what a certificate is made from. The job has ended and its log only grows, so several statements see the same record.
/// </summary>
public sealed class JobRecordReader(NpgsqlDataSource database)
{
    private static readonly string StatusSql = Sql.Load(typeof(JobRecordReader), nameof(StatusAsync));
    private static readonly string OtherEventsSql = Sql.Load(typeof(JobRecordReader), nameof(OtherEventsAsync));
    private static readonly string OutcomesSql = Sql.Load(typeof(JobRecordReader), nameof(OutcomesAsync));

    internal async Task<JobRecord> ReadAsync(ProvableJob job, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var (status, version, signedAt) = await StatusAsync(connection, job, cancel);
        var events = await OtherEventsAsync(connection, job.Id, cancel);
        return new JobRecord(
            job, version, events, await OutcomesAsync(connection, job.Id, events, cancel), status, await LeavesAsync(job.Id, cancel),
            signedAt);
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

    private static async Task<List<RecordedEvent>> OtherEventsAsync(NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(OtherEventsSql, connection) { Parameters = { new() { Value = job.Value } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var events = new List<RecordedEvent>();
        while (await reader.ReadAsync(cancel))
            events.Add(
                new RecordedEvent(
                    reader.GetInt64(0), EventType.Read(reader.GetString(1), reader.GetString(2)), reader.GetFieldValue<DateTimeOffset>(3))
            );
        return events is [{ Event: Submitted }, .., { Event: Completed }]
            ? events
            : throw new ContradictoryRecordException("the job's events do not go from its submission to its end");
    }

    private static async Task<List<OutcomeCount>> OutcomesAsync(
        NpgsqlConnection connection, JobId job, List<RecordedEvent> others, CancellationToken cancel)
    {
        var plans = others.Where(e => e.Event is Scheduled).ToList();
        long[] first = [.. plans.Select(plan => plan.Version)],
            last = [.. first.Skip(1).Select(version => version - 1), others[^1].Version];
        await using var command = new NpgsqlCommand(OutcomesSql, connection)
        {
            Parameters = { new() { Value = job.Value }, new() { Value = first }, new() { Value = last } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var counts = new List<OutcomeCount>();
        while (await reader.ReadAsync(cancel))
        {
            var (plan, kind) = ((int)reader.GetInt64(0), Kind(reader.GetString(1)));
            counts.Add(
                new OutcomeCount(
                    plan, kind, ((Scheduled)plans[plan - 1].Event).Attempt,
                    kind == OutcomeKind.Skipped ? Named<SkipReason>(reader.GetString(2)) : null,
                    kind == OutcomeKind.Failed ? Named<FailureReason>(reader.GetString(2)) : null, reader.GetInt64(3), reader.GetInt64(4),
                    reader.GetFieldValue<DateTimeOffset>(5), reader.GetFieldValue<DateTimeOffset>(6),
                    new ItemCounts(reader.GetInt64(7), reader.GetInt64(8), reader.GetInt64(9), reader.GetInt64(10), reader.GetInt64(11)))
            );
        }
        return counts;
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

    private static OutcomeKind Kind(string type) => type switch
    {
        "conversation_deleted" => OutcomeKind.Deleted,
        "conversation_skipped" => OutcomeKind.Skipped,
        _ => OutcomeKind.Failed,
    };

    /// <summary>Reasons are stored in snake case.</summary>
    private static T Named<T>(string reason)
        where T : struct, Enum => Enum.Parse<T>(reason.Replace("_", ""), ignoreCase: true);
}
