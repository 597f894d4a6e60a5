using System.Runtime.CompilerServices;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Npgsql;

namespace Ledger.Keys;

/// <summary>A job's list, unsealed row by row.</summary>
internal static class SealedList
{
    private static readonly string RowSql = Sql.Load(typeof(SealedList), nameof(RowAsync));

    /// <summary>Every conversation of the list in ordinal order. Empty for a job whose list was never resolved.</summary>
    /// <exception cref="InvalidOperationException">The list was destroyed meanwhile.</exception>
    public static async IAsyncEnumerable<(long Ordinal, string ConversationId)> ReadAsync(
        NpgsqlDataSource database, JobId job, JobKey key, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var number = 0; await RowAsync(database, job, key, number, cancel) is { } entries; number++)
        {
            for (var i = 0; i < entries.Count; i++)
                yield return ((long)number * Manifest.RowSize + i, entries[i].ConversationId);
        }
    }

    /// <summary>One row of the list. Null if there is no row with that number.</summary>
    /// <exception cref="InvalidOperationException">The list was destroyed meanwhile.</exception>
    public static async Task<IReadOnlyList<ManifestEntry>?> RowAsync(
        NpgsqlDataSource database, JobId job, JobKey key, int number, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(RowSql);
        command.Parameters.AddWithValue(job.Value);
        command.Parameters.AddWithValue(number);
        return await command.ExecuteScalarAsync(cancel) switch
        {
            null => null,
            byte[] row => Manifest.Unseal(key, number, row),
            _ => throw new InvalidOperationException("the job's list was destroyed while it was read"),
        };
    }
}
