using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Execution;
using Ledger.Identifiers;
using Npgsql;

namespace Ledger.Transparency.Proofs;

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

/// <summary>A job that has ended, and the checkpoint that it is proved under. Both stay as they are, so whatever is read of them later is of one tree.</summary>
/// <param name="Checkpoint">The latest one published; it covers all of the job's events.</param>
/// <param name="Note">The same, signed, verbatim.</param>
/// <param name="End">The job's last event.</param>
/// <param name="Secrets">What seals its identifiers; null once destroyed.</param>
public sealed record ProvableJob(JobId Id, Checkpoint Checkpoint, string Note, Completed End, JobSecrets? Secrets)
{
    /// <summary>What a disclosure's record says was handed out.</summary>
    public const string Disclosed = "erasure proof of the job";

    private static readonly string FindSql = Sql.Load(typeof(ProvableJob), nameof(FindAsync));

    /// <summary>Ordinals that have an outcome: all of the list, but for a job that was cancelled.</summary>
    public long Outcomes => End.UntouchedFrom ?? End.Conversations;

    /// <param name="job">A job that exists.</param>
    public static async Task<Provability> FindAsync(NpgsqlDataSource database, JobId job, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindSql);
        command.Parameters.AddWithValue(job.Value);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel) || EventType.Read(reader.GetString(0), reader.GetString(1)) is not Completed end)
            return new Provability.Unfinished();
        if (await reader.IsDBNullAsync(2, cancel) || await reader.IsDBNullAsync(3, cancel))
            return new Provability.NotCovered();
        var checkpoint = new Checkpoint(reader.GetString(3), reader.GetInt64(4), reader.GetFieldValue<byte[]>(5));
        if (reader.GetInt64(2) >= checkpoint.Size)
            return new Provability.NotCovered();
        var secrets = await reader.IsDBNullAsync(7, cancel) ? null : new JobSecrets(reader.GetInt32(7), reader.GetFieldValue<byte[]>(8), reader.GetFieldValue<byte[]>(9));
        return new Provability.Ready(new ProvableJob(job, checkpoint, reader.GetString(6), end, secrets));
    }

    /// <summary>The job's key; null once it, or its epoch's, is destroyed.</summary>
    public JobKey? OpenKey(KeyFolder keys) => Secrets is { } secrets ? keys.OpenJobKey(Id, secrets.Epoch, secrets.WrappedKey) : null;
}
