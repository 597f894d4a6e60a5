using Ledger.Database;
using Npgsql;

namespace Ledger.Http;

/// <summary>Once a minute, deletes used tokens and sessions that have expired and counts of windows that are over.</summary>
internal sealed class Expiry(UsedTokens tokens, ConsoleSessions sessions, NpgsqlDataSource database, TimeProvider time, ILogger<Expiry> log) : BackgroundService
{
    private const int RowsPerStatement = 10_000;

    /// <summary>Nodes' clocks differ: what has expired here may be live elsewhere for a while.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private static readonly string DeleteCountersSql = Sql.Load(typeof(Expiry), nameof(DeleteCountersAsync));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("expired tokens, sessions and rate counters were not deleted: {Cause}", Errors.Describe(exception));
            }
        }
    }

    /// <summary>One pass, in statements of bounded size.</summary>
    public async Task RunOnceAsync(CancellationToken cancel)
    {
        var before = time.GetUtcNow() - Margin;
        while (await tokens.DeleteExpiredAsync(before, RowsPerStatement, cancel) == RowsPerStatement)
        {
        }
        while (await sessions.DeleteExpiredAsync(before, RowsPerStatement, cancel) == RowsPerStatement)
        {
        }
        while (await DeleteCountersAsync(before, cancel) == RowsPerStatement)
        {
        }
    }

    private async Task<int> DeleteCountersAsync(DateTimeOffset before, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(DeleteCountersSql);
        command.Parameters.AddWithValue(before.ToUniversalTime());
        command.Parameters.AddWithValue(RowsPerStatement);
        return await command.ExecuteNonQueryAsync(cancel);
    }
}
