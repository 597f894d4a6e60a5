using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Npgsql;

namespace Ledger.Proofs;

/// <summary>Adjacent leaves that are consecutive events of one stream.</summary>
/// <param name="First">Index of the first leaf.</param>
/// <param name="Count">Number of leaves.</param>
/// <param name="FirstVersion">The first leaf's version in its stream.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LeafRun(long First, long Count, long FirstVersion)
{
    /// <summary>Number of rows of <c>log_runs</c> that are read at once.</summary>
    private const int PageSize = 1_000;

    private static readonly string PageSql = Sql.Load(typeof(LeafRun), nameof(PageAsync));

    /// <summary>The index behind the last leaf.</summary>
    public long End => First + Count;

    /// <summary>
    /// All leaves of a job in as few runs as possible, ascending. A stream's versions ascend with its leaves, because an append holds the
    /// stream's lock from before it is queued until it is committed.
    /// </summary>
    public static async IAsyncEnumerable<LeafRun> OfJobAsync(
        NpgsqlDataSource database, JobId job, [EnumeratorCancellation] CancellationToken cancel)
    {
        LeafRun? open = null;
        var page = await PageAsync(database, job, fromVersion: 1, cancel);
        while (page.Count > 0)
        {
            foreach (var row in page)
            {
                if (open is { } run && run.End == row.First)
                {
                    open = run with { Count = run.Count + row.Count };
                    continue;
                }
                if (open is { } ended)
                    yield return ended;
                open = row;
            }
            page = page.Count < PageSize ? [] : await PageAsync(database, job, page[^1].FirstVersion + page[^1].Count, cancel);
        }
        if (open is { } last)
            yield return last;
    }

    private static async Task<List<LeafRun>> PageAsync(NpgsqlDataSource database, JobId job, long fromVersion, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(PageSql);
        command.Parameters.AddWithValue(job.Value);
        command.Parameters.AddWithValue(fromVersion);
        command.Parameters.AddWithValue(PageSize);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<LeafRun>();
        while (await reader.ReadAsync(cancel))
            rows.Add(new LeafRun(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2)));
        return rows;
    }
}
