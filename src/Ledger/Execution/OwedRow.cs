using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Jobs;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Execution;

/// <summary>A row of a started job's manifest in which the attempt owes outcomes.</summary>
/// <param name="Number">The row's number.</param>
/// <param name="Outcomes">An <see cref="OutcomeCode"/> for each ordinal, as the row has them now.</param>
/// <param name="Entries">The row's conversations.</param>
/// <param name="Owed">The places in the row that come next, ascending.</param>
public sealed record OwedRow(int Number, byte[] Outcomes, IReadOnlyList<ManifestEntry> Entries, int[] Owed)
{
    private static readonly string NextSql = Sql.Load(typeof(OwedRow), nameof(NextAsync));

    /// <summary>The ordinal of the row's first place.</summary>
    public long First => (long)Number * Manifest.RowSize;

    /// <summary>The next ordinals that this attempt owes an outcome. They are in the first row, from the cursor on, that has any.</summary>
    /// <param name="connection">The connection of the claim's transaction.</param>
    /// <param name="key">The job's key.</param>
    /// <param name="claimed">A started job that owes outcomes.</param>
    /// <param name="size">Maximum number of ordinals.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<OwedRow> NextAsync(
        NpgsqlConnection connection, JobKey key, ClaimedJob claimed, int size, CancellationToken cancel)
    {
        var from = (int)(claimed.Job.Cursor / Manifest.RowSize);
        while (true)
        {
            var (number, sealedRow, outcomes) = await ReadAsync(connection, claimed.Id, from, cancel);
            var first = (long)number * Manifest.RowSize;
            int[] owed =
            [
                .. Enumerable
                    .Range(0, outcomes.Length)
                    .Where(i => first + i >= claimed.Job.Cursor && OutcomeCode.IsOpen(outcomes[i]))
                    .Take(size),
            ];
            if (owed.Length > 0)
                return new OwedRow(number, outcomes, Manifest.Unseal(key, number, sealedRow), owed);
            // What is open in this row has failed again in this attempt, below the cursor: it stays open for the next.
            from = number + 1;
        }
    }

    /// <summary>Records outcomes of this row in the manifest, by a compare-and-set on all outcomes of the row.</summary>
    public NpgsqlBatchCommand Settle(JobId job, IReadOnlyList<Outcome> outcomes)
    {
        var settled = Outcomes.ToArray();
        foreach (var outcome in outcomes)
        {
            settled[outcome.Ordinal - First] = outcome switch
            {
                Outcome.Deleted => OutcomeCode.Deleted,
                Outcome.Skipped o => OutcomeCode.Skipped(o.Reason),
                Outcome.Failed o => OutcomeCode.Failed(o.Reason),
                _ => throw new InvalidOperationException("unknown outcome"),
            };
        }
        return SealedRows.Settle(job, Number, Outcomes, settled);
    }

    /// <summary>The type's name without its members, which name conversations.</summary>
    public override string ToString() => nameof(OwedRow);

    private static async Task<(int Number, byte[] Sealed, byte[] Outcomes)> ReadAsync(
        NpgsqlConnection connection, JobId job, int from, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(NextSql, connection)
        {
            Parameters = { new() { Value = job.Value }, new() { Value = from } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            throw new InvalidOperationException("the job owes outcomes, but its manifest has no open row");
        return (reader.GetInt32(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
    }
}
