using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Projections.Status;
using Npgsql;

namespace Ledger.Pages.Jobs;

/// <summary>One row of a job's timeline: an event, or batches of outcomes that followed each other.</summary>
/// <param name="Event">The event. Null for batches.</param>
/// <param name="FirstLeaf">The leaf where it begins in the log.</param>
/// <param name="LastLeaf">The leaf where it ends in the log.</param>
public sealed record TimelineEntry(
    long FirstVersion, long LastVersion, long FirstLeaf, long LastLeaf, DateTimeOffset BeganAt, DateTimeOffset EndedAt, long Batches,
    long Deleted, long Failed, long Skipped, JobEvent? Event);

/// <summary>Failed conversations by reason, the most frequent first.</summary>
/// <param name="IsComplete">False if the job is so large that not all failures were counted.</param>
public sealed record Failures(IReadOnlyList<(FailureReason Reason, long Count)> ByReason, bool IsComplete);

/// <summary>The part of a job's page beyond its status: its events in the log's order, and the reasons for failures.</summary>
internal sealed class JobHistory(NpgsqlDataSource database)
{
    /// <summary>Number of manifest rows that are looked at. They hold four million conversations.</summary>
    private const int ManifestRows = 4096;

    private static readonly string TimelineSql = Sql.Load(typeof(JobHistory), nameof(TimelineAsync));
    private static readonly string FailuresSql = Sql.Load(typeof(JobHistory), nameof(FailuresAsync));
    private static readonly string AttemptFailureSql = Sql.Load(typeof(JobHistory), nameof(AttemptFailureAsync));

    /// <summary>The job's events as far as they are in the log.</summary>
    public async Task<IReadOnlyList<TimelineEntry>> TimelineAsync(JobId job, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(TimelineSql);
        command.Parameters.AddWithValue(job.Value);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var entries = new List<TimelineEntry>();
        while (await reader.ReadAsync(cancel))
        {
            entries.Add(
                new TimelineEntry(
                    reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetFieldValue<DateTimeOffset>(4),
                    reader.GetFieldValue<DateTimeOffset>(5), reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8), reader.GetInt64(9),
                    reader.IsDBNull(10) ? null : (JobEvent)EventType.Read(reader.GetString(10), reader.GetString(11)))
            );
        }
        return entries;
    }

    /// <summary>The reasons that conversations failed, as they stand now.</summary>
    public async Task<Failures> FailuresAsync(JobId job, JobStatus status, CancellationToken cancel)
    {
        var left = status.Result.FailedCount;
        var counts = new SortedDictionary<FailureReason, long>();
        if (left > 0)
        {
            await using var command = database.CreateCommand(FailuresSql);
            command.Parameters.AddWithValue(job.Value);
            command.Parameters.AddWithValue(ManifestRows);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (left > 0 && await reader.ReadAsync(cancel))
            {
                foreach (var reason in reader.GetFieldValue<byte[]>(0).Select(OutcomeCode.FailureReasonOf).OfType<FailureReason>())
                {
                    counts[reason] = counts.GetValueOrDefault(reason) + 1;
                    left--;
                }
            }
        }
        return new Failures([.. counts.OrderByDescending(count => count.Value).Select(count => (count.Key, count.Value))], left <= 0);
    }

    /// <summary>The reason that the latest attempt failed as a whole. Null if none did. Use it for a job without a list, which has few
    /// events.</summary>
    public async Task<FailureReason?> AttemptFailureAsync(JobId job, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(AttemptFailureSql);
        command.Parameters.AddWithValue(job.Value);
        return await command.ExecuteScalarAsync(cancel) is string reason && Reasons.TryGetValue(reason, out var known) ? known : null;
    }

    private static readonly Dictionary<string, FailureReason> Reasons = Enum.GetValues<FailureReason>()
        .ToDictionary(reason => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString()), StringComparer.Ordinal);
}
