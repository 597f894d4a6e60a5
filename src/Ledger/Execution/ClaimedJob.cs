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
/// <param name="Resolving">How far its list is resolved; null before and after.</param>
public sealed record ClaimedJob(
    JobId Id, long Version, Job Job, JobStatus Status, ListCursor? Resolving, JobSecrets? Secrets, DateTimeOffset Now)
{
    private static readonly string NextSql = Sql.Load(typeof(ClaimedJob), nameof(NextAsync));

    /// <summary>Claims the window's job that has been due longest and that nobody else holds; null when there is none.</summary>
    public static async Task<ClaimedJob?> NextAsync(NpgsqlConnection connection, string window, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(NextSql, connection) { Parameters = { new() { Value = window } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        return new ClaimedJob(
            new JobId(reader.GetGuid(0)),
            reader.GetInt64(1),
            JsonSerializer.Deserialize(reader.GetString(2), JobStateJson.Default.Job)!,
            JsonSerializer.Deserialize(reader.GetString(3), DocumentJson.Default.JobStatus)!,
            await reader.IsDBNullAsync(4, cancel) ? null : JsonSerializer.Deserialize(reader.GetString(4), ListCursorJson.Default.ListCursor),
            await reader.IsDBNullAsync(5, cancel) ? null : new JobSecrets(reader.GetInt32(5), reader.GetFieldValue<byte[]>(6), reader.GetFieldValue<byte[]>(7)),
            reader.GetFieldValue<DateTimeOffset>(8));
    }

    /// <summary>The job's key. Opened by the step that needs it: a key that is damaged is then a failure of this job alone.</summary>
    /// <exception cref="InvalidOperationException">The key was destroyed.</exception>
    public JobKey OpenKey(KeyFolder keys) =>
        (Secrets is { } secrets ? keys.OpenJobKey(Id, secrets.Epoch, secrets.WrappedKey) : null)
        ?? throw new InvalidOperationException("the job's key is gone: what it sealed cannot be opened");
}

/// <summary>What <c>forget</c> destroys: the job's wrapped key, and its request sealed under it.</summary>
public sealed record JobSecrets(int Epoch, byte[] WrappedKey, byte[] SealedRequest);
