using System.Data;
using Ledger.Database;
using Ledger.EventStore;
using Npgsql;

namespace Ledger.Rebuilding;

/// <summary>How long a rebuild is patient.</summary>
public sealed record RebuildOptions
{
    /// <summary>For the lock on the live tables, each time. While the request waits, writers wait behind it: it must be short.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the lock is asked for.</summary>
    public int LockAttempts { get; init; } = 30;

    /// <summary>Between two of them, in which writers go on.</summary>
    public TimeSpan BetweenAttempts { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Rebuilds every projection from the events, beside the live one, while the service runs (docs/adr/0019): folds the streams into shadow tables of one session, catches up with those
/// that moved on, and in one short transaction puts right the live rows that are not the fold. Until that transaction commits nothing is changed, and readers see each row either as it was or
/// as it must be. One at a time.
/// </summary>
/// <param name="connectionString">To the database as <c>ledger_service</c>.</param>
public sealed class Rebuild(string connectionString, RebuildOptions options, TimeProvider time)
{
    private const long AdvisoryLock = 0x72_65_62_75_69_6C_64; // "rebuild"
    private const int MostRounds = 20;

    /// <summary>So few streams are caught up with while writers wait.</summary>
    private const int FewStreams = 100;

    private static readonly string EventsSql = Sql.Load(typeof(Rebuild), nameof(EventsAsync));
    private static readonly string HoldersSql = Sql.Load(typeof(Rebuild), nameof(HoldersAsync));

    /// <param name="progress">Told how far it is, a few times a second.</param>
    /// <param name="cancel">Stops it; nothing is then changed.</param>
    /// <exception cref="RebuildException">It cannot be done now; says why and what to do.</exception>
    public async Task<RebuildReport> RunAsync(Action<RebuildProgress> progress, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        // Not pooled: temporary tables, settings and the advisory lock end with the session, however this ends.
        await using var session = await LedgerSession.OpenAsync(connectionString, SessionKind.Rebuild, cancel);
        ShadowTable[] shadows = [.. InlineProjection.All.Select(projection => new InlineShadow(session, projection)), new ChangeLogShadow(session)];
        await CreateAsync(session, shadows, cancel);
        var told = new RebuildTold(progress, await EventsAsync(session, cancel));
        var streams = new StreamShadows(session, shadows, told);

        told.Enter(RebuildPhase.Folding);
        await streams.FoldAllAsync(cancel);
        told.Enter(RebuildPhase.CatchingUp);
        await CatchUpAsync(session, streams, cancel);
        told.Enter(RebuildPhase.Comparing);
        foreach (var shadow in shadows)
            await shadow.CompareAsync(cancel);
        // What moved on meanwhile is compared once more, behind the lock.
        streams.IsSuspect = true;
        await CatchUpAsync(session, streams, cancel);
        var documents = 0L;
        foreach (var shadow in shadows)
            documents += await shadow.CountAsync(cancel);
        told.Enter(RebuildPhase.Swapping);
        var (projections, locked) = await SwapAsync(session, streams, shadows, told, cancel);
        return new RebuildReport
        {
            Documents = documents,
            Streams = told.Streams,
            Events = told.Events,
            Projections = projections,
            LeftAlone = streams.LeftAlone,
            Elapsed = time.GetElapsedTime(began),
            Locked = locked,
        };
    }

    private static async Task CreateAsync(NpgsqlConnection session, ShadowTable[] shadows, CancellationToken cancel)
    {
        await using (var only = new NpgsqlCommand($"select pg_try_advisory_lock({AdvisoryLock})", session))
        {
            if (await only.ExecuteScalarAsync(cancel) is not true)
                throw new RebuildException("another rebuild is running on this database: wait for its end");
        }
        try
        {
            await StreamShadows.CreateAsync(session, cancel);
            foreach (var shadow in shadows)
                await shadow.CreateAsync(cancel);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new RebuildException($"a rebuild needs temporary tables, and this role may not make any: as the database's owner, `grant temporary on database {session.Database} to ledger_service`");
        }
    }

    /// <summary>In rounds, each of which finds less to do than the one before, until writers need not wait long for the rest.</summary>
    private static async Task CatchUpAsync(NpgsqlConnection session, StreamShadows streams, CancellationToken cancel)
    {
        for (var round = 1; round <= MostRounds; round++)
        {
            await using var transaction = await session.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
            var moved = await streams.CatchUpAsync(cancel);
            await transaction.CommitAsync(cancel);
            if (moved <= FewStreams)
                return;
        }
    }

    private async Task<(IReadOnlyList<RebuiltProjection>, TimeSpan)> SwapAsync(
        NpgsqlConnection session, StreamShadows streams, ShadowTable[] shadows, RebuildTold told, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using (var transaction = await session.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel))
            {
                if (await IsLockedAsync(session, shadows, cancel))
                    return await PutRightAsync(transaction, streams, shadows, told, cancel);
            }
            if (attempt == options.LockAttempts)
                throw new RebuildException(
                    $"the projections could not be locked in {attempt} attempts of {options.LockTimeout.TotalSeconds:0.#} s, since a transaction that writes to them goes on and on{await HoldersAsync(session, shadows, cancel)}: "
                    + "end it or wait for its end, and run this again. Nothing was changed");
            await Task.Delay(options.BetweenAttempts, time, cancel);
            await CatchUpAsync(session, streams, cancel);
        }
    }

    /// <summary>From here on nobody writes to the projections, so no event of a stream is committed that has one; readers go on.</summary>
    private async Task<bool> IsLockedAsync(NpgsqlConnection session, ShadowTable[] shadows, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(session)
        {
            BatchCommands =
            {
                // The tables are locked one after the other: this is for all of them.
                new NpgsqlBatchCommand($"set local statement_timeout = {(int)options.LockTimeout.TotalMilliseconds}"),
                new NpgsqlBatchCommand($"lock table {string.Join(", ", shadows.Select(shadow => shadow.Table.Name))} in share row exclusive mode"),
                new NpgsqlBatchCommand("set local statement_timeout = 0"),
            },
        };
        try
        {
            await batch.ExecuteNonQueryAsync(cancel);
            return true;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.DeadlockDetected)
        {
            return false;
        }
    }

    private async Task<(IReadOnlyList<RebuiltProjection>, TimeSpan)> PutRightAsync(
        NpgsqlTransaction transaction, StreamShadows streams, ShadowTable[] shadows, RebuildTold told, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        await streams.CatchUpAsync(cancel);
        var projections = new List<RebuiltProjection>();
        foreach (var shadow in shadows)
            projections.Add(await shadow.PutRightAsync(cancel));
        told.Enter(RebuildPhase.Committing);
        cancel.ThrowIfCancellationRequested();
        FaultPoint.At("rebuild.before-commit");
        await transaction.CommitAsync(CancellationToken.None);
        return (projections, time.GetElapsedTime(began));
    }

    private static async Task<long> EventsAsync(NpgsqlConnection session, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(EventsSql, session);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>Who it is, by the process id that <c>pg_terminate_backend</c> takes.</summary>
    private static async Task<string> HoldersAsync(NpgsqlConnection session, ShadowTable[] shadows, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(HoldersSql, session) { Parameters = { new() { Value = shadows.Select(shadow => shadow.Table.Name).ToArray() } } };
        return await command.ExecuteScalarAsync(cancel) is string holders ? $" (PostgreSQL process {holders})" : "";
    }
}
