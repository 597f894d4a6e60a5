using System.Text.Json;
using JasperFx.Events;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Keys;
using Ledger.Projections.Jobs;
using Npgsql;

namespace Ledger.Execution;

/// <summary>A due job whose stream a transaction has locked: nobody else appends to it until the transaction ends.</summary>
/// <param name="Id">The job.</param>
/// <param name="Version">The version of its stream.</param>
/// <param name="ResolvingText">The progress of resolving its list, as JSON. Null before and after.</param>
/// <param name="Secrets">The job's secrets. Null if they were destroyed.</param>
/// <param name="Now">The database's clock when it was claimed.</param>
public sealed record ClaimedJob(JobId Id, long Version, string? ResolvingText, JobSecrets? Secrets, DateTimeOffset Now)
{
    private static readonly string LockedSql = Sql.Load(typeof(ClaimedJob), nameof(LockedAsync));
    private static readonly string AgainSql = Sql.Load(typeof(ClaimedJob), nameof(AgainAsync));
    private static readonly string OfSql = Sql.Load(typeof(ClaimedJob), nameof(OfAsync));

    private readonly IEventStream<Job>? _stream;

    /// <summary>The stream, as this transaction locked it. <see cref="ReadAsync"/> reads it.</summary>
    public IEventStream<Job> Stream => _stream ?? throw new InvalidOperationException("the job is not read yet");

    public Job Job => Stream.Aggregate ?? throw new RecordsDisagreeException();

    /// <summary>The progress of resolving its list. Null before and after.</summary>
    public ListCursor? Resolving =>
        ResolvingText is null ? null : JsonSerializer.Deserialize(ResolvingText, ListCursorJson.Default.ListCursor);

    /// <summary>Claims again the job that this turn is working on. Null if it is no longer due, or if another transaction has it.</summary>
    public static async Task<ClaimedJob?> StayAsync(NpgsqlConnection connection, JobId job, string window, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(OfSql, connection) { Parameters = { new() { Value = job.Value } } };
        return await command.ExecuteScalarAsync(cancel) is Guid id ? await LockedAsync(connection, id, window, cancel) : null;
    }

    /// <summary>
    /// Claims the same job in a new transaction, after a rollback; null if somebody else has it, or has changed it, by now.
    /// </summary>
    public async Task<ClaimedJob?> AgainAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(AgainSql, connection)
        {
            Parameters = { new() { Value = Id.Value }, new() { Value = Version } },
        };
        return await command.ExecuteScalarAsync(cancel) is Guid job ? await LockedAsync(connection, job, window: null, cancel) : null;
    }

    /// <summary>Claims a job, due or not. Null if another transaction has it.</summary>
    public static async Task<ClaimedJob?> OfAsync(NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(OfSql, connection) { Parameters = { new() { Value = job.Value } } };
        return await command.ExecuteScalarAsync(cancel) is Guid id ? await LockedAsync(connection, id, window: null, cancel) : null;
    }

    /// <summary>The same claim with its stream read. If a document cannot be read, only this job fails, and not the claim.</summary>
    /// <exception cref="RecordsDisagreeException">The job's documents have another version than its stream.</exception>
    public async Task<ClaimedJob> ReadAsync(StreamTransaction transaction, CancellationToken cancel)
    {
        await using (var command = new NpgsqlCommand(
            "select (select mt_version from ledger.mt_doc_job where id = $1) is not distinct from $2"
            + " and (select mt_version from ledger.mt_doc_jobstatus where id = $1) is not distinct from $2",
            transaction.Connection)
        { Parameters = { new() { Value = Id.Value }, new() { Value = Version } } })
        {
            if (await command.ExecuteScalarAsync(cancel) is not true)
                throw new RecordsDisagreeException();
        }
        return new ClaimedJob(this, await transaction.LockAsync<Job, JobId>(Id, cancel));
    }

    private ClaimedJob(ClaimedJob claimed, IEventStream<Job> stream)
        : this(claimed.Id, claimed.Version, claimed.ResolvingText, claimed.Secrets, claimed.Now) => _stream = stream;

    /// <summary>Reads the data that a step needs of a job whose stream is locked.</summary>
    /// <param name="window">The window that the job must be due in. Null to skip this check.</param>
    /// <returns>The claim. Null if the job is no longer due in the window.</returns>
    internal static async Task<ClaimedJob?> LockedAsync(NpgsqlConnection connection, Guid job, string? window, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(LockedSql, connection)
        {
            Parameters = { new() { Value = job }, new NpgsqlParameter<string?> { TypedValue = window } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        return new ClaimedJob(
            new JobId(job),
            reader.GetInt64(0),
            await reader.IsDBNullAsync(1, cancel) ? null : reader.GetString(1),
            await reader.IsDBNullAsync(2, cancel)
                ? null
                : new JobSecrets(reader.GetInt32(2), reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<byte[]>(4)),
            reader.GetFieldValue<DateTimeOffset>(5));
    }

    /// <summary>Opens the job's key. Each step opens it itself, so that a damaged key fails this job alone.</summary>
    /// <exception cref="JobKeyGoneException">The key was destroyed.</exception>
    public JobKey OpenKey(KeyFolder keys) => OpenKeyOrNot(keys) ?? throw new JobKeyGoneException();

    /// <summary>Opens the job's key. Null if it was destroyed.</summary>
    public JobKey? OpenKeyOrNot(KeyFolder keys) =>
        Secrets is { } secrets ? keys.OpenJobKey(Id, secrets.Epoch, secrets.WrappedKey) : null;
}

/// <summary>The job's key was destroyed, so that what it sealed cannot be opened.</summary>
public sealed class JobKeyGoneException() : Exception("the job's key is gone: what it sealed cannot be opened");

/// <summary>The job's documents have another version than its stream. Something else changed them: the ledger writes all three
/// together.</summary>
public sealed class RecordsDisagreeException() : Exception("the job's documents and stream are not of one version");
