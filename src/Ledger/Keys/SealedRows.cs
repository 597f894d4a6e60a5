using Ledger.Contracts.Jobs;
using Ledger.Database;
using Npgsql;

namespace Ledger.Keys;

/// <summary>The rows of a job that were destroyed.</summary>
/// <param name="Keys">Number of wrapped keys: one, or none if it was gone.</param>
/// <param name="Rows">Number of rows of its sealed list.</param>
/// <param name="Identifiers">Number of conversations that they listed.</param>
internal sealed record DestroyedRows(long Keys, long Rows, long Identifiers);

/// <summary>
/// Writes the tables that hold identifiers: a job's wrapped key with its sealed request, and its manifest. Only a rotation writes there
/// too: it wraps the keys again.
/// </summary>
internal static class SealedRows
{
    private static readonly string InsertSecretsSql = Sql.Load(typeof(SealedRows), nameof(InsertSecrets));
    private static readonly string InsertListSql = Sql.Load(typeof(SealedRows), nameof(InsertList));
    private static readonly string SettleSql = Sql.Load(typeof(SealedRows), nameof(Settle));
    private static readonly string DestroySql = Sql.Load(typeof(SealedRows), nameof(DestroyAsync));

    /// <summary>Stores a new job's wrapped key and sealed request.</summary>
    /// <param name="job">The job.</param>
    /// <param name="secrets">Its key and request.</param>
    /// <param name="requestDigest">The fingerprint that tells a repeated request from another one.</param>
    public static NpgsqlBatchCommand InsertSecrets(JobId job, JobSecrets secrets, byte[] requestDigest) => new(InsertSecretsSql)
    {
        Parameters =
        {
            new() { Value = job.Value }, new() { Value = secrets.Epoch }, new() { Value = secrets.WrappedKey },
            new() { Value = requestDigest }, new() { Value = secrets.SealedRequest },
        },
    };

    /// <summary>Stores a row of a job's manifest. All its outcomes are open.</summary>
    /// <param name="job">The job.</param>
    /// <param name="row">The row's number, from 0.</param>
    /// <param name="key">The job's key.</param>
    /// <param name="entries">The entries, at most <see cref="Manifest.RowSize"/>.</param>
    /// <param name="subtreeRoot">The Merkle root over the row's commitments.</param>
    public static NpgsqlBatchCommand InsertList(
        JobId job, int row, JobKey key, IReadOnlyList<ManifestEntry> entries, byte[] subtreeRoot) => new(InsertListSql)
        {
            Parameters =
            {
                new() { Value = job.Value }, new() { Value = row }, new() { Value = entries.Count }, new() { Value = subtreeRoot },
                new() { Value = Manifest.Seal(key, row, entries) }, new() { Value = new byte[entries.Count] },
            },
        };

    /// <summary>Records the outcomes of a row's ordinals, if they are still <paramref name="before"/>.</summary>
    /// <param name="job">The job.</param>
    /// <param name="row">The row's number.</param>
    /// <param name="before">An <see cref="OutcomeCode"/> for each ordinal.</param>
    /// <param name="after">The same, with the new ones.</param>
    public static NpgsqlBatchCommand Settle(JobId job, int row, byte[] before, byte[] after) => new(SettleSql)
    {
        Parameters =
        {
            new() { Value = job.Value }, new() { Value = row }, new() { Value = before }, new() { Value = after },
            new() { Value = after.Count(OutcomeCode.IsOpen) },
        },
    };

    /// <summary>Destroys everything that leads from a job back to identifiers.</summary>
    /// <param name="connection">A connection in a transaction that records it.</param>
    /// <param name="job">The job.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<DestroyedRows> DestroyAsync(NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        // A list of millions is a long statement.
        await using var command = new NpgsqlCommand(DestroySql, connection)
        {
            Parameters = { new() { Value = job.Value } },
            CommandTimeout = 0,
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return new DestroyedRows(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }
}
