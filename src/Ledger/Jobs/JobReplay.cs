using System.Runtime.CompilerServices;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Keys;
using Ledger.Projections.Status;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Jobs;

/// <summary>An event as its row holds it.</summary>
/// <param name="Data">Its JSON, as PostgreSQL writes it.</param>
public sealed record StoredEvent(long Version, string Type, string Data, DateTimeOffset At);

/// <summary>
/// A job's history up to a moment: always its first events, without a gap. <c>ledger replay</c> and <c>GET …/events</c> show it.
/// </summary>
/// <param name="Events">Number of events that the job has by now.</param>
/// <param name="Until">The version of the last event that counts.</param>
/// <param name="SubmittedAt">The instant when the first event was recorded.</param>
/// <param name="Secrets">The secrets that seal the job's identifiers. Null once destroyed.</param>
public sealed record JobReplay(
    JobId Job, string Bot, string Client, long Events, long Until, DateTimeOffset SubmittedAt, JobSecrets? Secrets)
{
    /// <summary>Number of events that are read at once.</summary>
    private const int PageSize = 1_024;

    private static readonly string FindSql = Sql.Load(typeof(JobReplay), nameof(FindAsync));
    private static readonly string ReadSql = Sql.Load(typeof(JobReplay), nameof(ReadAsync));

    /// <param name="asOf">The moment. Null for now.</param>
    /// <returns>The history. Null if there is no such job. A rejection if the job was not there then, or has no such version.</returns>
    public static async Task<(JobReplay Replay, Rejection? Rejection)?> FindAsync(
        NpgsqlDataSource database, JobId job, AsOf? asOf, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindSql);
        command.Parameters.AddWithValue(job.Value);
        command.Parameters.AddWithValue(NpgsqlDbType.Bigint, (object?)(asOf as AsOf.Version)?.Number ?? DBNull.Value);
        command.Parameters.AddWithValue(NpgsqlDbType.TimestampTz, (object?)(asOf as AsOf.Instant)?.At.UtcDateTime ?? DBNull.Value);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        var secrets = await reader.IsDBNullAsync(5, cancel)
            ? null
            : new JobSecrets(reader.GetInt32(5), reader.GetFieldValue<byte[]>(6), reader.GetFieldValue<byte[]>(7));
        var replay = new JobReplay(
            job, reader.GetString(2), reader.GetString(3), reader.GetInt64(0), reader.GetInt64(4), reader.GetFieldValue<DateTimeOffset>(1),
            secrets);
        return (
            replay,
            replay.Until < 1 ? new Rejection($"the job was not there yet: it was submitted at {Instant.Text(replay.SubmittedAt)}")
            : replay.Until > replay.Events ? new Rejection($"the job has no such version: it has {replay.Events} events by now")
            : null);
    }

    /// <summary>
    /// The events in order. They are read in pages, each on a connection of its own. So no connection is held while a slow client receives.
    /// Recorded events never change.
    /// </summary>
    public async IAsyncEnumerable<StoredEvent> ReadAsync(NpgsqlDataSource database, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var after = 0L; after < Until;)
        {
            var page = await PageAsync(database, after, cancel);
            foreach (var stored in page)
                yield return stored;
            after =
                page.Count > 0
                    ? page[^1].Version
                    : throw new InvalidOperationException("events of the job are missing from the database: run `ledger audit`");
        }
    }

    /// <summary>The status document as it was then, computed from the events.</summary>
    public async Task<JobStatus> StatusAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        JobStatus? status = null;
        await foreach (var stored in ReadAsync(database, cancel))
            status = JobStatusFold.Apply(status, Job, (JobEvent)EventType.Read(stored.Type, stored.Data), stored.At);
        return status!;
    }

    private async Task<List<StoredEvent>> PageAsync(NpgsqlDataSource database, long after, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ReadSql);
        command.Parameters.AddWithValue(Job.Value);
        command.Parameters.AddWithValue(after);
        command.Parameters.AddWithValue(Until);
        command.Parameters.AddWithValue((long)PageSize);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var page = new List<StoredEvent>();
        while (await reader.ReadAsync(cancel))
            page.Add(
                new StoredEvent(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3)));
        return page;
    }
}
