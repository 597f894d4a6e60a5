using System.Data;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Npgsql;

namespace Ledger.Identifiers;

/// <summary>One manifest row, opened.</summary>
/// <param name="Row">Its first ordinal is this times <see cref="Manifest.RowSize"/>.</param>
/// <param name="Outcomes">One <see cref="OutcomeCode"/> an entry.</param>
public sealed record OpenedManifestRow(JobId Job, int Row, byte[] Outcomes, IReadOnlyList<ManifestEntry> Entries)
{
    public override string ToString() => nameof(OpenedManifestRow);
}

/// <summary>
/// Reads what bots' jobs were about, row by row, as long as their keys live. There is no index of erased ids: it would be the permanent list of deleted people that this ledger must
/// not keep; see docs/adr/0009.
/// </summary>
public static class SealedManifests
{
    private static readonly string ReadSql = Sql.Load(typeof(SealedManifests), nameof(ReadAsync));

    /// <summary>Every manifest row of the bots' jobs that can be opened, by job and row. One that cannot is left out: a job's damage must not stand in others' way.</summary>
    public static async IAsyncEnumerable<OpenedManifestRow> ReadAsync(
        NpgsqlConnection connection, KeyFolder keys, IReadOnlyCollection<string> bots, IReadOnlyCollection<JobId> except, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ReadSql, connection) { Parameters = { new() { Value = bots.ToArray() }, new() { Value = except.Select(job => job.Value).ToArray() } } };
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel);
        var (openJob, key) = (default(JobId), default(JobKey));
        while (await reader.ReadAsync(cancel))
        {
            var job = new JobId(reader.GetGuid(0));
            if (job != openJob)
                (openJob, key) = (job, TryOpen(() => keys.OpenJobKey(job, reader.GetInt32(1), reader.GetFieldValue<byte[]>(2))));
            if (key is null)
                continue;
            var row = reader.GetInt32(3);
            var outcomes = reader.GetFieldValue<byte[]>(4);
            if (TryOpen(() => Manifest.Unseal(key, row, reader.GetFieldValue<byte[]>(5))) is { } entries)
                yield return new OpenedManifestRow(job, row, outcomes, entries);
        }
    }

    /// <summary>What is sealed there; null where it was destroyed or cannot be opened.</summary>
    private static T? TryOpen<T>(Func<T?> open)
        where T : class
    {
        try
        {
            return open();
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
