using Npgsql;

namespace Ledger.Bench;

/// <summary>How long events wait for a published checkpoint that covers them.</summary>
internal static class Coverage
{
    /// <summary>Milliseconds between two of the log's passes: what an idle log takes at most, half of it on average.</summary>
    public const double IntervalMilliseconds = 250;

    private const string P99 =
        """
        select extract(epoch from percentile_cont(0.99) within group (order by covered.at - e.timestamp)) * 1000
        from ledger.mt_events e
        join ledger.log_runs r on r.stream_id = e.stream_id and e.version >= r.first_version and e.version < r.first_version + r.count
        cross join lateral (
            select c.published_at as at
            from ledger.log_checkpoints c join ledger.log_state s on s.origin = c.origin
            where c.size > r.first_index + (e.version - r.first_version) and c.published_at is not null
            order by c.size
            limit 1) covered
        where e.timestamp >= $1
        """;

    /// <summary>
    /// The 99th percentile, in milliseconds, of the events recorded since; waits until the last of them is covered. From the service's
    /// clock before the commit to the database's at publication.
    /// </summary>
    public static async Task<double> P99SinceAsync(BenchDatabase bench, DateTimeOffset since)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        while (!await IsCoveredAsync(bench))
            await timer.WaitForNextTickAsync();
        await using var command = bench.Superuser.CreateCommand(P99);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter { Value = since.UtcDateTime });
        return Convert.ToDouble(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<bool> IsCoveredAsync(BenchDatabase bench)
    {
        await using var command = bench.Superuser.CreateCommand(
            "select not exists (select from ledger.log_queue) and s.size = (select max(size) from ledger.log_checkpoints where "
            + "published_at is not null) from ledger.log_state s"
        );
        return await command.ExecuteScalarAsync() is true;
    }
}
