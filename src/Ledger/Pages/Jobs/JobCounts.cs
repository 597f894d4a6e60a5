using Ledger.Database;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;
using Npgsql;

namespace Ledger.Pages.Jobs;

/// <summary>Counts jobs.</summary>
internal sealed class JobCounts(NpgsqlDataSource database)
{
    /// <summary>The largest count. More jobs than this are shown as "at least" this number.</summary>
    public const int Most = 100_000;

    private static readonly string ByStatusSql = Sql.Load(typeof(JobCounts), nameof(ByStatusAsync));

    /// <summary>The jobs of these bots, counted by status, at most <see cref="Most"/> of each.</summary>
    public async Task<IReadOnlyDictionary<ReportedStatus, long>> ByStatusAsync(IReadOnlyCollection<string> bots, CancellationToken cancel)
    {
        var statuses = Enum.GetValues<ReportedStatus>().ToDictionary(Job.StatusText);
        await using var command = database.CreateCommand(ByStatusSql);
        command.Parameters.AddWithValue(bots.ToArray());
        command.Parameters.AddWithValue(Most);
        command.Parameters.AddWithValue(statuses.Keys.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var counts = new Dictionary<ReportedStatus, long>();
        while (await reader.ReadAsync(cancel))
            counts.Add(statuses[reader.GetString(0)], reader.GetInt64(1));
        return counts;
    }
}
