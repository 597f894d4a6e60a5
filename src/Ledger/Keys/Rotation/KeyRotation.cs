using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Machine;
using Ledger.Projections;
using Marten;
using Npgsql;

namespace Ledger.Keys.Rotation;

/// <summary>
/// Rotates the epoch keys. It wraps the keys of all jobs that were not forgotten under a new epoch's key and destroys the old ones.
/// Backups, WAL and replicas can then no longer show the forgotten jobs. One process rotates at a time, and the others go on meanwhile. A
/// process may die after any step: the next pass goes on from there. No job is ever wrapped under a key that is destroyed. See
/// docs/adr/0012.
/// </summary>
public sealed class KeyRotation(NpgsqlDataSource database, IDocumentStore store, KeyFolder keys, TimeProvider time)
{
    /// <summary>The longest time that an epoch stays in use once a job was forgotten under it.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromDays(1);

    private const long AdvisoryLock = 0x6C_65_64_67_65_72_01; // "ledger", 1
    private const int ChunkSize = 1000;
    private static readonly string EpochsSql = Sql.Load(typeof(KeyRotation), nameof(EpochsAsync));
    private static readonly string CountForgottenSql = Sql.Load(typeof(KeyRotation), nameof(CountForgottenAsync));
    private static readonly string IncompleteSql = Sql.Load(typeof(KeyRotation), nameof(RefuseIncompleteAsync));
    private static readonly string ReadChunkSql = Sql.Load(typeof(KeyRotation), "ReadChunk");
    private static readonly string WriteChunkSql = Sql.Load(typeof(KeyRotation), "WriteChunk");

    private sealed record Epoch(int Number, DateTimeOffset OpenedAt, long Forgotten, bool IsDestroyed, bool IsOld);

    /// <summary>Finishes what an earlier rotation left, and rotates if it is due.</summary>
    /// <param name="when">The condition for a rotation.</param>
    /// <param name="actor">The person or program that asks, for the record.</param>
    /// <param name="reason">The reason, for the record.</param>
    /// <param name="cancel">Stops it between two steps.</param>
    /// <exception cref="KeyFolderBehindException">The folder is older than the database, or incomplete.</exception>
    /// <exception cref="InvalidOperationException">
    /// A job's key is damaged. Rotating would lose what a sound copy of it may still open.
    /// </exception>
    public async Task<RotationResult> RunOnceAsync(RotateWhen when, string actor, string? reason, CancellationToken cancel)
    {
        // Everything goes through the one session that holds the lock: whoever has lost it finds its connection dead at the next step.
        await using var session = await database.OpenConnectionAsync(cancel);
        if (!await ScalarAsync<bool>(session, $"select pg_try_advisory_lock({AdvisoryLock})", cancel))
            return new RotationResult.Busy();
        try
        {
            keys.Reload();
            await RefuseIncompleteAsync(session, when, cancel);
            var destroyed = await FinishAsync(session, actor, reason, cancel);
            var newest = (await EpochsAsync(session, cancel))[^1];
            if (when != RotateWhen.Now && (newest.Forgotten == 0 || (when == RotateWhen.Daily && !newest.IsOld)))
                return destroyed.Count > 0
                    ? Rotated(destroyed)
                    : new RotationResult.NotDue(newest.Number, newest.OpenedAt, newest.Forgotten);
            FaultPoint.At("rotate.begin");
            keys.AddEpoch();
            FaultPoint.At("rotate.key-made");
            return Rotated([.. destroyed, .. await FinishAsync(session, actor, reason, cancel)]);
        }
        finally
        {
            // Where the session is dead, the lock is free already.
            if (session.State == System.Data.ConnectionState.Open)
                await ScalarAsync<bool>(session, $"select pg_advisory_unlock({AdvisoryLock})", CancellationToken.None);
        }
    }

    /// <summary>Counts jobs that were forgotten under the newest epoch, in the transaction that forgets them.</summary>
    /// <returns>The newest epoch, and the instant when a running service rotates its key away.</returns>
    public static async Task<(int Epoch, DateTimeOffset DueAt)> CountForgottenAsync(
        NpgsqlConnection connection, long jobs, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CountForgottenSql, connection)
        {
            Parameters = { new() { Value = jobs }, new() { Value = Period } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return (reader.GetInt32(0), reader.GetFieldValue<DateTimeOffset>(1));
    }

    /// <summary>
    /// Refuses to go on with a folder that lacks the survivors. Such a folder does not tell which keys were destroyed and which jobs were
    /// forgotten. Going on would record the one, and make the other final. If neither is in question, <see cref="RotateWhen.Now"/> can
    /// rotate, which writes new survivors.
    /// </summary>
    private async Task RefuseIncompleteAsync(NpgsqlConnection session, RotateWhen when, CancellationToken cancel)
    {
        if (keys.Problem() is not { } problem)
            return;
        await using var command = new NpgsqlCommand(IncompleteSql, session) { Parameters = { new() { Value = keys.Epochs.ToArray() } } };
        if (when != RotateWhen.Now || (bool)(await command.ExecuteScalarAsync(cancel))!)
            throw new KeyFolderBehindException(problem);
    }

    private RotationResult.Rotated Rotated(IReadOnlyList<int> destroyed) => new(keys.CurrentEpoch, destroyed, time.GetUtcNow());

    /// <summary>Makes the folder's newest epoch the only one. Does nothing if it is already.</summary>
    /// <returns>The epochs whose destruction was recorded now.</returns>
    private async Task<IReadOnlyList<int>> FinishAsync(NpgsqlConnection session, string actor, string? reason, CancellationToken cancel)
    {
        var target = keys.CurrentEpoch;
        var epochs = await EpochsAsync(session, cancel);
        if (epochs[^1].Number > target)
            throw new KeyFolderBehindException();
        if (epochs[^1].Number < target)
            await session.ExecuteAsync($"insert into ledger.key_epochs (epoch, opened_at) values ({target}, clock_timestamp())", cancel);
        var over = keys.EpochsBefore(target)
            .Union(epochs.Where(epoch => epoch.Number < target && !epoch.IsDestroyed).Select(epoch => epoch.Number))
            .Order()
            .ToArray();
        if (over.Length == 0 && !keys.HasBefore(target))
            return [];
        FaultPoint.At("rotate.epoch-opened");
        await RewrapAsync(session, target, cancel);
        FaultPoint.At("rotate.rewrapped");
        await RewrapLastAsync(session, target, cancel);
        FaultPoint.At("rotate.verified");
        // One that is there is whole. After an older backup was restored it knows more jobs than the database, and a newer backup may yet
        // need them.
        if (!File.Exists(Survivors.File(keys.Folder, target)))
            await Survivors.WriteAsync(keys.Folder, target, SurvivorsAsync(session, target, cancel));
        FaultPoint.At("rotate.survivors-written");
        await ScalarAsync<int>(session, "select 1", cancel); // the lock is still ours
        keys.DestroyBefore(target);
        FaultPoint.At("rotate.destroyed");
        await RecordAsync(session, over, actor, reason, cancel);
        return over;
    }

    /// <summary>Wraps the keys under older epochs again under <paramref name="target"/>, in chunks, each a transaction of its
    /// own.</summary>
    private async Task RewrapAsync(NpgsqlConnection session, int target, CancellationToken cancel)
    {
        Guid? after = Guid.Empty;
        while (after is not null)
        {
            after = await RewrapChunkAsync(session, target, after.Value, cancel);
            FaultPoint.At("rotate.rewrapping");
        }
    }

    /// <returns>The last job of the chunk. Null at the end.</returns>
    private async Task<Guid?> RewrapChunkAsync(NpgsqlConnection session, int target, Guid after, CancellationToken cancel)
    {
        var (jobs, from, wrapped) = (new List<Guid>(), new List<int>(), new List<byte[]>());
        var (rows, last) = (0, after);
        await using (
            var read = new NpgsqlCommand(ReadChunkSql, session)
            {
                Parameters = { new() { Value = target }, new() { Value = after }, new() { Value = ChunkSize } },
            }
        )
        await using (var reader = await read.ExecuteReaderAsync(cancel))
        {
            for (; await reader.ReadAsync(cancel); rows++)
            {
                last = reader.GetGuid(0);
                if (Rewrap(new JobId(last), reader.GetInt32(1), reader.GetFieldValue<byte[]>(2), target) is not { } rewrapped)
                    continue; // its key was destroyed before, and the row came back with a backup: nothing can be lost any more
                jobs.Add(last);
                from.Add(reader.GetInt32(1));
                wrapped.Add(rewrapped);
            }
        }
        await using var write = new NpgsqlCommand(WriteChunkSql, session)
        {
            Parameters =
            {
                new() { Value = target },
                new() { Value = jobs.ToArray() },
                new() { Value = from.ToArray() },
                new() { Value = wrapped.ToArray() },
            },
        };
        await write.ExecuteNonQueryAsync(cancel);
        return rows == ChunkSize ? last : null;
    }

    private byte[]? Rewrap(JobId job, int epoch, byte[] wrapped, int target)
    {
        try
        {
            return keys.Rewrap(job, epoch, wrapped) switch
            {
                null => null,
                var (under, rewrapped) when under == target => rewrapped,
                _ => throw new InvalidOperationException("another rotation has begun: try again when it is done"),
            };
        }
        catch (CryptographicException e)
        {
            throw new InvalidOperationException(
                $"the key of job {job} cannot be opened with epoch {epoch}'s key, and destroying that would make it certain: bring back "
                + $"the right key file or row, or give the job up with `ledger forget {job}` (a legal hold has such a key too, under "
                + $"lh-{job.Value:D}: give it up with `ledger hold lift`)",
                e);
        }
    }

    /// <summary>
    /// Wraps the keys that were stored while the others were re-wrapped. Behind the lock no key can be stored under an older epoch any
    /// more, because the table's trigger refuses it.
    /// </summary>
    private async Task RewrapLastAsync(NpgsqlConnection session, int target, CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(cancel);
        // Waits for submissions that passed the trigger before the epoch was opened; others wait behind it, for a moment.
        await LockAsync(session, cancel);
        await RewrapAsync(session, target, cancel);
        var older = string.Join(',', keys.EpochsBefore(target).Append(0));
        if (await ScalarAsync<bool>(session, $"select exists (select from ledger.job_secrets where epoch in ({older}))", cancel))
            throw new InvalidOperationException("job keys are left under an older epoch: nothing was destroyed");
        await transaction.CommitAsync(cancel);
    }

    private static async Task LockAsync(NpgsqlConnection session, CancellationToken cancel)
    {
        try
        {
            await session.ExecuteAsync("set local lock_timeout = '10s'; lock table ledger.job_secrets in share row exclusive mode", cancel);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new InvalidOperationException(
                "somebody keeps a transaction on the jobs' keys open: no key was destroyed. Look for it in pg_stat_activity, then rotate "
                + "again",
                e);
        }
    }

    private static async IAsyncEnumerable<(JobId Job, byte[] Wrapped)> SurvivorsAsync(
        NpgsqlConnection session, int target, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            $"select job_id, wrapped_key from ledger.job_secrets where epoch = {target} order by job_id", session);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            yield return (new JobId(reader.GetGuid(0)), reader.GetFieldValue<byte[]>(1));
    }

    private async Task RecordAsync(
        NpgsqlConnection session, IReadOnlyList<int> epochs, string actor, string? reason, CancellationToken cancel)
    {
        if (epochs.Count == 0)
            return;
        var now = Instant.Truncate(time.GetUtcNow());
        await using var transaction = await StreamTransaction.BeginAsync(store, session, cancel);
        var version = await transaction.LockAsync(StreamIds.Ledger, cancel);
        object[] events = [.. epochs.Select(epoch => new EpochKeyDestroyed(epoch, now) { Actor = actor, Reason = reason })];
        transaction.Append<LedgerStream>(StreamIds.Ledger, version, events, now);
        var destroyed = new NpgsqlBatchCommand("update ledger.key_epochs set destroyed_at = $1 where epoch = any($2)")
        {
            Parameters = { new() { Value = now }, new() { Value = epochs.ToArray() } },
        };
        await transaction.WriteAsync([destroyed], [], closing: null, cancel);
        await transaction.CommitAsync(cancel);
    }

    private static async Task<IReadOnlyList<Epoch>> EpochsAsync(NpgsqlConnection session, CancellationToken cancel)
    {
        var epochs = new List<Epoch>();
        await using var command = new NpgsqlCommand(EpochsSql, session) { Parameters = { new() { Value = Period } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            epochs.Add(
                new Epoch(
                    reader.GetInt32(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetInt64(2), reader.GetBoolean(3),
                    reader.GetBoolean(4))
            );
        return epochs;
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection session, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, session);
        return (T)(await command.ExecuteScalarAsync(cancel))!;
    }
}
