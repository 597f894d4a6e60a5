using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Holds;
using Npgsql;

namespace Ledger.Forgetting;

/// <summary>
/// Every minute, ends the legal holds whose instant has come, and drops the lists of ended holds from memory. A hold counts as live until
/// its end is recorded, so nothing is deleted too early.
/// </summary>
internal sealed class HoldExpiry(
    HoldEnding ending, LiveHolds live, NpgsqlDataSource database, TimeProvider time, ILogger<HoldExpiry> log)
    : Duty(TimeSpan.FromMinutes(1), time, log)
{
    private const int HoldsPerPass = 100;
    private static readonly string FindDueSql = Sql.Load(typeof(HoldExpiry), nameof(FindDueAsync));

    /// <inheritdoc/>
    protected override string Failing => "legal holds whose instant has come are not ended";

    /// <inheritdoc/>
    public override async Task RunOnceAsync(CancellationToken cancel)
    {
        foreach (var (hold, now) in await FindDueAsync(cancel))
        {
            // Another node may have ended it by now. One that waits for a batch for too long is ended by a later pass.
            if (await ending.EndAsync(bot: null, hold, new ExpireHold(now), cancel) is EndingResult.Ended ended)
                Log.LogInformation("legal hold {Hold} of {Bot} has expired", hold, ended.Hold.Bot);
        }
        await using var connection = await database.OpenConnectionAsync(cancel);
        await live.DropEndedAsync(connection, cancel);
    }

    private async Task<IReadOnlyList<(HoldId Hold, DateTimeOffset Now)>> FindDueAsync(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindDueSql);
        command.Parameters.AddWithValue(HoldsPerPass);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var due = new List<(HoldId, DateTimeOffset)>();
        while (await reader.ReadAsync(cancel))
            due.Add((new HoldId(reader.GetGuid(0)), reader.GetFieldValue<DateTimeOffset>(1)));
        return due;
    }
}
