using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Ledger.Holds;

/// <summary>
/// The advisory lock of a bot's legal holds, which lasts until the transaction ends (docs/adr/0050). A batch shares it with other batches.
/// Whoever places or ends a hold has it alone. So that one waits for the batches that began before, and every later batch sees the change.
/// </summary>
/// <remarks>
/// A job's stream is locked before it, and a hold's stream after it. Whoever has it alone locks no job's stream. So nobody waits in a
/// circle.
/// </remarks>
internal static class HoldLock
{
    /// <summary>The first of the lock's two keys, "hold". The second is the bot's.</summary>
    public const int Space = 0x68_6F_6C_64;

    /// <summary>The longest wait for the batches of a bot.</summary>
    private const string Wait = "10s";

    /// <summary>The statement with which a batch takes the lock.</summary>
    public static NpgsqlBatchCommand Share(string bot) => Command("select pg_advisory_xact_lock_shared($1, $2)", bot);

    /// <summary>Takes the lock alone.</summary>
    /// <returns>False if a batch did not end in time. The transaction is then over.</returns>
    public static async Task<bool> TryTakeAsync(NpgsqlConnection connection, string bot, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new($"set local lock_timeout = '{Wait}'"), Command("select pg_advisory_xact_lock($1, $2)", bot) },
        };
        try
        {
            await batch.ExecuteNonQueryAsync(cancel);
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return false;
        }
    }

    private static NpgsqlBatchCommand Command(string sql, string bot) => new(sql)
    {
        Parameters = { new() { Value = Space }, new() { Value = KeyOf(bot) } },
    };

    private static int KeyOf(string bot) => BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(bot)));
}
