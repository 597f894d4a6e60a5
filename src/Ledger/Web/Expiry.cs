using Ledger.Database;
using Ledger.Engine;
using Ledger.Web.Tokens;
using Npgsql;

namespace Ledger.Web;

/// <summary>Runs once a minute. Deletes used tokens and sessions that have expired, and counts of windows that are over.</summary>
internal sealed class Expiry(
    UsedTokens tokens, ConsoleSessions sessions, NpgsqlDataSource database, TimeProvider time, ILogger<Expiry> log)
    : Duty(TimeSpan.FromMinutes(1), time, log)
{
    private const int RowsPerStatement = 10_000;

    /// <summary>The margin for nodes' clocks that differ. What has expired here may still be live elsewhere.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private static readonly string DeleteCountersSql = Sql.Load(typeof(Expiry), nameof(DeleteCountersAsync));

    /// <inheritdoc/>
    protected override string Failing => "expired tokens, sessions and rate counters are not deleted";

    /// <summary>One pass, in statements of bounded size.</summary>
    public override async Task RunOnceAsync(CancellationToken cancel)
    {
        var before = Time.GetUtcNow() - Margin;
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
