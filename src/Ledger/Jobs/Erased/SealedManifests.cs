using System.Data;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Jobs.Erased;

/// <summary>One manifest row, opened.</summary>
/// <param name="Row">The row's number. Its first ordinal is this times <see cref="Manifest.RowSize"/>.</param>
/// <param name="Outcomes">One <see cref="OutcomeCode"/> for each entry.</param>
public sealed record OpenedManifestRow(JobId Job, int Row, byte[] Outcomes, IReadOnlyList<ManifestEntry> Entries)
{
    public override string ToString() => nameof(OpenedManifestRow);
}

/// <summary>
/// Reads the lists of bots' jobs, row by row, as long as their keys exist. There is no index of erased ids: it would be the permanent list
/// of deleted people that this ledger must not keep. See docs/adr/0009.
/// </summary>
public static class SealedManifests
{
    private static readonly string ReadSql = Sql.Load(typeof(SealedManifests), nameof(ReadAsync));
    private static readonly string ReadErasedSql = Sql.Load(typeof(SealedManifests), nameof(ReadErasedAsync));
    private static readonly string ReadErasedOfJobsSql = Sql.Load(typeof(SealedManifests), "ReadErasedOfJobs");

    /// <summary>
    /// Every manifest row of the bots' jobs that can be opened, by job and row. Rows that cannot be opened are left out, so that one job's
    /// damage does not stop the others.
    /// </summary>
    public static IAsyncEnumerable<OpenedManifestRow> ReadAsync(
        NpgsqlConnection connection, KeyFolder keys, IReadOnlyCollection<string> bots, IReadOnlyCollection<JobId> except,
        CancellationToken cancel) =>
        OpenAsync(
            connection, keys, ReadSql,
            [new() { Value = bots.ToArray() }, new() { Value = except.Select(job => job.Value).ToArray() }], unreadable: null, cancel);

    /// <summary>The rows of a bot's jobs in which a conversation was erased, by the job or by an earlier one.</summary>
    /// <param name="jobs">Only these jobs. Null for all.</param>
    /// <param name="unreadable">Called for each row that nobody forgot but that cannot be opened.</param>
    internal static IAsyncEnumerable<OpenedManifestRow> ReadErasedAsync(
        NpgsqlConnection connection, KeyFolder keys, string bot, Guid[]? jobs, Action? unreadable, CancellationToken cancel) =>
        OpenAsync(
            connection, keys, jobs is null ? ReadErasedSql : ReadErasedOfJobsSql,
            jobs is null ? [new() { Value = bot }] : [new() { Value = bot }, new() { Value = jobs }], unreadable, cancel);

    private static async IAsyncEnumerable<OpenedManifestRow> OpenAsync(
        NpgsqlConnection connection, KeyFolder keys, string sql, NpgsqlParameter[] parameters, Action? unreadable,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        // It reads for as long as there is anything: the server sorts first.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel);
        var (openJob, key, isReadable) = (default(JobId), default(JobKey), true);
        while (await reader.ReadAsync(cancel))
        {
            var job = new JobId(reader.GetGuid(0));
            if (job != openJob)
            {
                openJob = job;
                isReadable = TryOpen(() => keys.OpenJobKey(job, reader.GetInt32(1), reader.GetFieldValue<byte[]>(2)), out key);
            }
            if (!isReadable)
                unreadable?.Invoke();
            if (key is null)
                continue;
            var row = reader.GetInt32(3);
            var outcomes = reader.GetFieldValue<byte[]>(4);
            if (TryOpen(() => Manifest.Unseal(key, row, reader.GetFieldValue<byte[]>(5)), out var entries))
                yield return new OpenedManifestRow(job, row, outcomes, entries!);
            else
                unreadable?.Invoke();
        }
    }

    /// <summary>Tries to open a key or a row. False if it cannot be opened.</summary>
    /// <param name="opened">The opened content. Null also if it was destroyed.</param>
    private static bool TryOpen<T>(Func<T?> open, out T? opened)
        where T : class
    {
        try
        {
            opened = open();
            return true;
        }
        catch (CryptographicException)
        {
            opened = null;
            return false;
        }
    }
}
