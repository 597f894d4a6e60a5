using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Jobs;
using Ledger.Notifications;
using Ledger.Projections;
using Ledger.Projections.JobList;
using Ledger.Projections.Status;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Execution;

/// <summary>Appends what was decided of a claimed job and writes what follows from it, all in the claim's transaction.</summary>
public static class JobWriter
{
    private static readonly string KeepSql = Sql.Load(typeof(JobWriter), "KeepInQueue");
    private static readonly string RemoveSql = Sql.Load(typeof(JobWriter), "RemoveFromQueue");
    private static readonly string ListSql = Sql.Load(typeof(JobWriter), "UpdateListEntry");

    /// <summary>Sends events, status document, queue row and <paramref name="alongside"/> in one round trip. The caller commits.</summary>
    /// <param name="claimed">The job.</param>
    /// <param name="events">What was decided; none changes nothing.</param>
    /// <param name="at">
    /// The instant that the events are recorded with: the database's clock when they were true. It is moved to the next millisecond after the job's latest events where it is not later:
    /// no two appends to a job share an instant, so that the change log can tell batches apart, and a job's instants only go forward.
    /// </param>
    /// <param name="resolving">How far the list is resolved after this.</param>
    /// <param name="alongside">Commands that must each change exactly one row.</param>
    /// <returns>The database's clock after everything was written, and no earlier than what was recorded.</returns>
    public static async Task<DateTimeOffset> WriteAsync(
        NpgsqlConnection connection, ClaimedJob claimed, IReadOnlyList<JobEvent> events, DateTimeOffset at, ListCursor? resolving,
        IEnumerable<NpgsqlBatchCommand> alongside, CancellationToken cancel)
    {
        var job = events.Aggregate(claimed.Job, Job.Apply);
        var version = claimed.Version + events.Count;
        var single = new List<NpgsqlBatchCommand>(alongside)
        {
            job.IsEnded ? new NpgsqlBatchCommand(RemoveSql) { Parameters = { new() { Value = claimed.Id.Value } } } : Keep(claimed, version, job, resolving, events),
        };
        await using var batch = new NpgsqlBatch(connection);
        var now = InstantAfter(claimed.RecordedAt, at);
        if (events.Count > 0)
        {
            batch.BatchCommands.Add(EventStreams.Append(claimed.Id.Value, StreamIds.JobType, claimed.Version, now, events));
            single.AddRange(Projected(claimed, events, now, version, job.IsEnded));
            if (job.IsEnded)
                batch.BatchCommands.Add(NotificationOutbox.Queue(claimed.Id, job.Bot));
        }
        foreach (var command in single)
            batch.BatchCommands.Add(command);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select clock_timestamp()"));
        var clock = await ExecuteAsync(batch, cancel);
        if (single.Find(command => command.RecordsAffected != 1) is { } lost)
            throw new InvalidOperationException($"a compare-and-set changed {lost.RecordsAffected} rows instead of one: {lost.CommandText}");
        return events.Count > 0 && now > clock ? now : clock;
    }

    private static DateTimeOffset InstantAfter(DateTimeOffset last, DateTimeOffset at)
    {
        var (next, now) = (Contracts.Instant.Truncate(last).AddMilliseconds(1), Contracts.Instant.Truncate(at));
        return now > next ? now : next;
    }

    private static IEnumerable<NpgsqlBatchCommand> Projected(ClaimedJob claimed, IReadOnlyList<JobEvent> events, DateTimeOffset now, long version, bool isEnded)
    {
        var status = events.Aggregate(claimed.Status, (status, @event) => JobStatusFold.Apply(status, claimed.Id, @event, now));
        yield return Documents.Update(claimed.Id.Value, status, DocumentJson.Default.JobStatus, claimed.Version, version);
        if (isEnded)
        {
            yield return new NpgsqlBatchCommand(ListSql)
            {
                Parameters = { new() { Value = claimed.Id.Value }, new() { Value = JobListEntry.StatusText(status.Status) } },
            };
        }
    }

    private static NpgsqlBatchCommand Keep(ClaimedJob claimed, long version, Job job, ListCursor? resolving, IReadOnlyList<JobEvent> events) => new(KeepSql)
    {
        Parameters =
        {
            new() { Value = claimed.Id.Value }, new() { Value = job.Window!.Name }, new() { Value = job.PlannedAt.UtcDateTime }, new() { Value = version },
            new() { Value = JsonSerializer.Serialize(job, JobStateJson.Default.Job), NpgsqlDbType = NpgsqlDbType.Jsonb },
            new()
            {
                Value = resolving is null ? DBNull.Value : JsonSerializer.Serialize(resolving, ListCursorJson.Default.ListCursor),
                NpgsqlDbType = NpgsqlDbType.Jsonb,
            },
            new() { Value = (object?)StartedVersion(claimed, events) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint },
        },
    };

    /// <summary>Which version of the stream <see cref="Started"/> is, where it is among these events: from then on the job waits for the log to cover it.</summary>
    private static long? StartedVersion(ClaimedJob claimed, IReadOnlyList<JobEvent> events)
    {
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i] is Started)
                return claimed.Version + i + 1;
        }
        return null;
    }

    private static async Task<DateTimeOffset> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancel)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var clock = default(DateTimeOffset);
        // Results with rows: the append's version, and last the clock.
        do
        {
            while (await reader.ReadAsync(cancel))
                clock = reader.GetFieldType(0) == typeof(DateTime) ? reader.GetFieldValue<DateTimeOffset>(0) : clock;
        }
        while (await reader.NextResultAsync(cancel));
        return clock;
    }
}
