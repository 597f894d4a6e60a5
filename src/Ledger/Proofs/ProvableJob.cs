using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Log;
using Npgsql;

namespace Ledger.Proofs;

/// <summary>The result of the check if a job can be proved by now.</summary>
public abstract record Provability
{
    private Provability() { }

    /// <summary>The job has not ended, so its proof would not be complete.</summary>
    public sealed record Unfinished : Provability;

    /// <summary>No published checkpoint of the log's present origin covers its last event yet.</summary>
    public sealed record NotCovered : Provability;

    /// <summary>The job was cancelled when its key was gone already. Nobody can make the manifest's rest, which its proof needs.</summary>
    public sealed record WithoutRest : Provability;

    public sealed record Ready(ProvableJob Job) : Provability;
}

/// <summary>
/// A job that has ended, and the checkpoint that it is proved under. Neither changes any more, so all later reads are of one tree.
/// </summary>
/// <param name="Checkpoint">The latest published checkpoint. It covers all of the job's events.</param>
/// <param name="Note">The checkpoint's signed note, verbatim.</param>
/// <param name="End">The job's last event.</param>
/// <param name="Secrets">The secrets that seal its identifiers. Null once destroyed.</param>
/// <param name="Rest">The manifest's rest (docs/formats.md). Empty, except for a job that was cancelled in its first pass.</param>
public sealed record ProvableJob(
    JobId Id, Checkpoint Checkpoint, string Note, Completed End, JobSecrets? Secrets, IReadOnlyList<byte[]> Rest)
{
    /// <summary>The text in a disclosure's record for what was handed out.</summary>
    public const string Disclosed = "erasure proof of the job";

    private static readonly string LastSql = Sql.Load(typeof(ProvableJob), nameof(LastAsync));

    /// <summary>Number of ordinals that have an outcome. This is the whole list, except for a job that was cancelled.</summary>
    public long Outcomes => End.UntouchedFrom ?? End.Conversations;

    /// <exception cref="LogException">The stored checkpoint was not signed by this ledger's key.</exception>
    public static async Task<Provability> FindAsync(NpgsqlDataSource database, PublishedLog log, JobId job, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (await LastAsync(connection, job, cancel) is not (Completed end, var leaf, var secrets))
            return new Provability.Unfinished();
        // Read after the leaf: it may be newer, never older than what covers it.
        var latest = leaf is null ? null : await log.LatestAsync(connection, cancel);
        if (latest is null || leaf is null || leaf >= latest.Checkpoint.Size)
            return new Provability.NotCovered();
        var rest = end.UntouchedFrom is { } from && from < end.Conversations ? await ManifestRest.ReadAsync(connection, job, cancel) : [];
        return rest is null
            ? new Provability.WithoutRest()
            : new Provability.Ready(new ProvableJob(job, latest.Checkpoint, latest.Note, end, secrets, rest));
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

    /// <summary>The job's key. Null once it, or its epoch's key, is destroyed.</summary>
    public JobKey? OpenKey(KeyFolder keys) => Secrets is { } secrets ? keys.OpenJobKey(Id, secrets.Epoch, secrets.WrappedKey) : null;
}
