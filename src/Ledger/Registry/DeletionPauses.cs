using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Marten;
using Npgsql;

namespace Ledger.Registry;

/// <summary>The pause of all bots' deletions, as of a version of the ledger's own stream.</summary>
/// <param name="Version">The version. 0 if the stream is not there.</param>
/// <param name="Pause">The pause. Null if there is none.</param>
public sealed record WholePause(long Version, DeletionPause? Pause)
{
    public static readonly WholePause None = new(0, null);
}

/// <summary>
/// Pauses and resumes deletions, of one bot or of all (docs/adr/0053). A batch holds a shared lock of its transaction and then asks if
/// there is a pause. A pause is committed first, and then waits for the batches that hold the lock. So once a pause is answered, no batch
/// runs, and none begins.
/// </summary>
public sealed class DeletionPauses(NpgsqlDataSource database, IDocumentStore store, RegistryStore registry, TimeProvider time)
{
    private const int Attempts = 5;

    private static readonly string WholeSql = Sql.Load(typeof(DeletionPauses), nameof(WholeAsync));
    private static readonly string IsPausedSql = Sql.Load(typeof(DeletionPauses), "IsPausedAsync");

    /// <summary>Pauses, and waits until the batches that are at work have ended. Does nothing more if it was paused before.</summary>
    /// <param name="bot">The bot. Null for all bots.</param>
    /// <returns>Null if it is paused, or the reason that it is not.</returns>
    public async Task<Rejection?> PauseAsync(string? bot, string actor, string reason, CancellationToken cancel)
    {
        var command = new PauseDeletions(bot ?? "", actor, reason);
        var rejection = bot is null
            ? await ExecuteOnAllAsync(pause => RegistryDecisions.Pause(pause, bot: null, command), cancel)
            : await registry.ExecuteAsync(bot, command, cancel);
        if (rejection is null)
            await WaitForBatchesAsync(bot, cancel);
        return rejection;
    }

    /// <summary>Ends a pause. Does nothing if there is none.</summary>
    /// <param name="bot">The bot. Null for the pause of all bots.</param>
    /// <returns>Null if it is ended, or the reason that it is not.</returns>
    public Task<Rejection?> ResumeAsync(string? bot, string actor, string? reason, CancellationToken cancel)
    {
        var command = new ResumeDeletions(bot ?? "", actor, reason);
        return bot is null
            ? ExecuteOnAllAsync(pause => RegistryDecisions.Resume(pause, bot: null, command), cancel)
            : registry.ExecuteAsync(bot, command, cancel);
    }

    /// <summary>The pause of all bots, as it is now.</summary>
    public static async Task<WholePause> WholeAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(WholeSql, connection) { Parameters = { new() { Value = StreamIds.Ledger } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var latest = await reader.IsDBNullAsync(1, cancel)
            ? null
            : (RegistryEvent)EventType.Read(reader.GetString(1), reader.GetString(2));
        return new WholePause(reader.GetInt64(0), latest is null ? null : PauseFold.Apply(latest));
    }

    /// <summary>The pauses in words for readers who may know no bot. Null if nothing is paused.</summary>
    public static string? Warning(RegistrySnapshot registry)
    {
        var bots = registry.PausedBots.Count();
        return registry.Whole.Pause is not null ? "the deletions of all bots are paused: `ledger resume` ends that"
            : bots > 0 ? $"the deletions of {(bots == 1 ? "a bot" : $"{bots} bots")} are paused: `ledger bot list` names them"
            : null;
    }

    /// <summary>
    /// True if a batch of the bot may begin in this transaction. It may go on to its end, because a pause waits for it.
    /// </summary>
    /// <param name="connection">A connection in the batch's transaction.</param>
    /// <param name="whole">The pause of all bots as it was known lately. Only what came after it is read.</param>
    public static async Task<bool> MayBeginAsync(NpgsqlConnection connection, string bot, WholePause whole, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                // Not to be had while a pause waits for other batches: then it is committed already.
                new("select pg_try_advisory_xact_lock_shared($1) and pg_try_advisory_xact_lock_shared($2)")
                {
                    Parameters = { new() { Value = LockOf(null) }, new() { Value = LockOf(bot) } },
                },
                // It sees what was committed before the locks were there.
                new(IsPausedSql)
                {
                    Parameters =
                    {
                        new() { Value = StreamIds.Bot(bot) }, new() { Value = StreamIds.Ledger }, new() { Value = whole.Version },
                        new() { Value = whole.Pause is not null },
                    },
                },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var isLocked = await reader.ReadAsync(cancel) && reader.GetBoolean(0);
        await reader.NextResultAsync(cancel);
        return await reader.ReadAsync(cancel) && !reader.GetBoolean(0) && isLocked;
    }

    private async Task<Rejection?> ExecuteOnAllAsync(
        Func<DeletionPause?, Decision<RegistryEvent>> decide, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
            try
            {
                var version = await transaction.LockAsync(StreamIds.Ledger, cancel);
                var decision = decide((await WholeAsync(connection, cancel)).Pause);
                if (decision.Rejection is not null || decision.Events.Count == 0)
                    return decision.Rejection;
                transaction.Append<LedgerStream>(StreamIds.Ledger, version, decision.Events, time.GetUtcNow());
                await transaction.WriteAsync(cancel);
                await transaction.CommitAsync(cancel);
                return null;
            }
            catch (LostRaceException) when (attempt < Attempts)
            {
                // Of two that start the stream, one is told.
            }
        }
    }

    /// <summary>Waits for the batches that hold the shared lock. It takes as long as they take.</summary>
    private async Task WaitForBatchesAsync(string? bot, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock($1)", connection)
        {
            Parameters = { new() { Value = LockOf(bot) } },
            CommandTimeout = 0,
        };
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static long LockOf(string? bot) => BinaryPrimitives.ReadInt64BigEndian(
        SHA256.HashData(Encoding.UTF8.GetBytes(bot is null ? "deletion-ledger pause" : $"deletion-ledger pause\n{bot}")));
}
