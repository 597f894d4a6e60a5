using Ledger.Database;
using Npgsql;

namespace Ledger.Keys;

/// <summary>
/// Compares a key folder with the ledger. Under other keys the same idempotency key would name another job, and sealed data could not be
/// opened.
/// </summary>
public static class KeyCheck
{
    private static readonly string IsOfLedgerSql = Sql.Load(typeof(KeyCheck), nameof(IsOfLedgerAsync));

    /// <summary>True if the ledger was first used with these keys. A ledger that was never used takes them from now on.</summary>
    public static async Task<bool> IsOfLedgerAsync(NpgsqlConnection connection, KeyFolder keys, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(IsOfLedgerSql, connection) { Parameters = { new() { Value = keys.CheckValue } } };
        // Another node may insert its value at the same moment: then this statement does not see it yet, and the next one does.
        return (await command.ExecuteScalarAsync(cancel) ?? await command.ExecuteScalarAsync(cancel)) is true;
    }
}
