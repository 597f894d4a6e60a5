using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Log;
using Npgsql;

namespace Ledger.Proofs;

/// <summary>Whether a job can be proved by now.</summary>
public abstract record Provability
{
    private Provability() { }

    /// <summary>It has not ended: its proof would not be complete.</summary>
    public sealed record Unfinished : Provability;

    /// <summary>No published checkpoint of the log's present origin covers its last event yet.</summary>
    public sealed record NotCovered : Provability;

    public sealed record Ready(ProvableJob Job) : Provability;
}

/// <summary>
/// A job that has ended, and the checkpoint that it is proved under. Both stay as they are, so whatever is read of them later is of one
/// tree.
/// </summary>
/// <param name="Checkpoint">The latest one published; it covers all of the job's events.</param>
/// <param name="Note">The same, signed, verbatim.</param>
/// <param name="End">The job's last event.</param>
/// <param name="Secrets">What seals its identifiers; null once destroyed.</param>
public sealed record ProvableJob(JobId Id, Checkpoint Checkpoint, string Note, Completed End, JobSecrets? Secrets)
{
    /// <summary>What a disclosure's record says was handed out.</summary>
    public const string Disclosed = "erasure proof of the job";

    private static readonly string LastSql = Sql.Load(typeof(ProvableJob), nameof(LastAsync));

    /// <summary>Ordinals that have an outcome: all of the list, but for a job that was cancelled.</summary>
    public long Outcomes => End.UntouchedFrom ?? End.Conversations;

    /// <exception cref="LogException">The stored checkpoint was not signed by this ledger's key.</exception>
    public static async Task<Provability> FindAsync(NpgsqlDataSource database, PublishedLog log, JobId job, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (await LastAsync(connection, job, cancel) is not (Completed end, var leaf, var secrets))
            return new Provability.Unfinished();
        // Read after the leaf: it may be newer, never older than what covers it.
        var latest = leaf is null ? null : await log.LatestAsync(connection, cancel);
        return latest is not null && leaf < latest.Checkpoint.Size
            ? new Provability.Ready(new ProvableJob(job, latest.Checkpoint, latest.Note, end, secrets))
            : new Provability.NotCovered();
    }

    private static async Task<(object Event, long? Leaf, JobSecrets? Secrets)?> LastAsync(
        NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(LastSql, connection) { Parameters = { new() { Value = job.Value } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        return (
            EventType.Read(reader.GetString(0), reader.GetString(1)),
            await reader.IsDBNullAsync(2, cancel) ? null : reader.GetInt64(2),
            await reader.IsDBNullAsync(3, cancel)
                ? null
                : new JobSecrets(reader.GetInt32(3), reader.GetFieldValue<byte[]>(4), reader.GetFieldValue<byte[]>(5))
        );
    }

    /// <summary>The job's key; null once it, or its epoch's, is destroyed.</summary>
    public JobKey? OpenKey(KeyFolder keys) => Secrets is { } secrets ? keys.OpenJobKey(Id, secrets.Epoch, secrets.WrappedKey) : null;
}
