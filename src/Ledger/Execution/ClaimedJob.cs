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
    JobId Id, long Version, Job Job, JobStatus Status, ListCursor? Resolving, JobKey? Key, byte[]? SealedRequest, DateTimeOffset Now)
{
    private static readonly string NextSql = Sql.Load(typeof(ClaimedJob), nameof(NextAsync));

    /// <summary>Claims the window's job that has been due longest and that nobody else holds; null when there is none.</summary>
    public static async Task<ClaimedJob?> NextAsync(NpgsqlConnection connection, KeyFolder keys, string window, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(NextSql, connection) { Parameters = { new() { Value = window } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        var id = new JobId(reader.GetGuid(0));
        var hasSecrets = !await reader.IsDBNullAsync(5, cancel);
        return new ClaimedJob(
            id,
            reader.GetInt64(1),
            JsonSerializer.Deserialize(reader.GetString(2), JobStateJson.Default.Job)!,
            JsonSerializer.Deserialize(reader.GetString(3), DocumentJson.Default.JobStatus)!,
            await reader.IsDBNullAsync(4, cancel) ? null : JsonSerializer.Deserialize(reader.GetString(4), ListCursorJson.Default.ListCursor),
            hasSecrets ? keys.OpenJobKey(id, reader.GetInt32(5), reader.GetFieldValue<byte[]>(6)) : null,
            hasSecrets ? reader.GetFieldValue<byte[]>(7) : null,
            reader.GetFieldValue<DateTimeOffset>(8));
    }
}
