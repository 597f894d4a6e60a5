using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Identifiers;
using Ledger.Jobs;
using Ledger.Projections;
using Ledger.Projections.Status;
using Npgsql;

namespace Ledger.Execution;

/// <summary>A due job whose queue row this transaction has locked: nobody else works on it until the transaction ends.</summary>
/// <param name="Now">The database's clock when it was claimed.</param>
public sealed record ClaimedJob(
    JobId Id, long Version, string StateText, string? StatusText, string? ResolvingText, JobSecrets? Secrets, DateTimeOffset Now, DateTimeOffset? LatestAt)
{
    // Read when they are first needed: a document that cannot be read is then a failure of this job alone, and not of the claim.
    public Job Job => field ??= JsonSerializer.Deserialize(StateText, JobStateJson.Default.Job)!;

    public JobStatus Status => field ??=
        JsonSerializer.Deserialize(StatusText ?? throw new RecordsDisagreeException(), DocumentJson.Default.JobStatus)!;

    /// <summary>The instant of the job's latest events.</summary>
    public DateTimeOffset RecordedAt => LatestAt ?? throw new RecordsDisagreeException();

    /// <summary>How far its list is resolved; null before and after.</summary>
    public ListCursor? Resolving => ResolvingText is null ? null : JsonSerializer.Deserialize(ResolvingText, ListCursorJson.Default.ListCursor);

    private static readonly string NextSql = Sql.Load(typeof(ClaimedJob), nameof(NextAsync));
    private static readonly string AgainSql = Sql.Load(typeof(ClaimedJob), nameof(AgainAsync));

    /// <summary>Claims the window's job that has been due longest and that nobody else holds; null when there is none.</summary>
    public static Task<ClaimedJob?> NextAsync(NpgsqlConnection connection, string window, CancellationToken cancel) =>
        ReadAsync(connection, NextSql, cancel, window);

    /// <summary>Claims the same job in a new transaction, after a rollback; null if somebody else has it, or has changed it, by now.</summary>
    public Task<ClaimedJob?> AgainAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        ReadAsync(connection, AgainSql, cancel, Id.Value, Version);

    private static async Task<ClaimedJob?> ReadAsync(NpgsqlConnection connection, string sql, CancellationToken cancel, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        return new ClaimedJob(
            new JobId(reader.GetGuid(0)),
            reader.GetInt64(1),
            reader.GetString(2),
            await reader.IsDBNullAsync(3, cancel) ? null : reader.GetString(3),
            await reader.IsDBNullAsync(4, cancel) ? null : reader.GetString(4),
            await reader.IsDBNullAsync(5, cancel) ? null : new JobSecrets(reader.GetInt32(5), reader.GetFieldValue<byte[]>(6), reader.GetFieldValue<byte[]>(7)),
            reader.GetFieldValue<DateTimeOffset>(8),
            await reader.IsDBNullAsync(9, cancel) ? null : reader.GetFieldValue<DateTimeOffset>(9));
    }

    /// <summary>The job's key. Opened by the step that needs it: a key that is damaged is then a failure of this job alone.</summary>
    /// <exception cref="JobKeyGoneException">The key was destroyed.</exception>
    public JobKey OpenKey(KeyFolder keys) =>
        (Secrets is { } secrets ? keys.OpenJobKey(Id, secrets.Epoch, secrets.WrappedKey) : null)
        ?? throw new JobKeyGoneException();
}

/// <summary>The job's key was destroyed: what it sealed cannot be opened.</summary>
public sealed class JobKeyGoneException() : Exception("the job's key is gone: what it sealed cannot be opened");

/// <summary>The job's status or stream is not of the queue row's version. Others did that: the ledger writes the three together.</summary>
public sealed class RecordsDisagreeException() : Exception("the job's queue row, status and stream are not of one version");

/// <summary>What <c>forget</c> destroys: the job's wrapped key, and its request sealed under it.</summary>
public sealed record JobSecrets(int Epoch, byte[] WrappedKey, byte[] SealedRequest);
