using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Log.Sequencing;
using Ledger.Machine;
using Npgsql;

namespace Ledger.Log;

/// <summary>The result of one pass.</summary>
/// <param name="Events">Number of events that got their leaves.</param>
/// <param name="Size">Number of leaves of the tree after it. Null if another writer was at work.</param>
/// <param name="Problem">The problem that stops the log, in plain words. Null if there is none.</param>
public sealed record LogPass(int Events, long? Size, string? Problem)
{
    /// <summary>True if more was waiting than a pass takes.</summary>
    public bool IsMore { get; init; }
}

/// <summary>
/// Writes the log: sequence and integrate (<see cref="Sequencer"/>, one transaction) → check (<see cref="SelfCheck"/>) → sign
/// (<see cref="LogSigner"/>) → store → witnesses → publish. Every step is committed before the next. After a crash, the next pass goes on
/// from the last step. Any number of nodes may run it.
/// </summary>
public sealed class LogWriter(LogDatabase database, KeyFolder keys, LogOptions options, TimeProvider time, ILogger<LogWriter> log)
    : BackgroundService
{
    /// <summary>The shortest time between the beginnings of two passes, and so between two checkpoints.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private static readonly string DueSql = Sql.Load(typeof(LogWriter), nameof(IsDueAsync));

    private readonly SemaphoreSlim _one = new(1);
    private readonly QueueFloor _floor = new();
    private bool _isIdle;

    /// <summary>
    /// The problem that keeps this node from writing the log, with the remedy. Null if there is none. An unreachable database is not the
    /// log's problem.
    /// </summary>
    public string? Problem { get; private set; }

    /// <summary>The beginning of the queue for this writer: all rows are behind this position.</summary>
    internal long QueueBegins => _floor.Position;

    /// <summary>Told of each point that a pass reaches. A test that throws here simulates a crash there.</summary>
    internal Action<string> At { get; init; } = FaultPoint.At;

    /// <summary>One bounded pass.</summary>
    /// <exception cref="NpgsqlException">The database is away. Work that was not committed counts as not begun.</exception>
    public async Task<LogPass> RunOnceAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            await using var connection = await database.Source.OpenConnectionAsync(cancel);
            return Told(await PassAsync(connection, cancel));
        }
        catch (Exception e) when (Describe(e) is { } problem)
        {
            return Told(new LogPass(0, null, problem));
        }
        finally
        {
            _one.Release();
        }
    }

    public override void Dispose()
    {
        _one.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                // What was waiting is caught up with at once: a log that is behind stops deletions.
                while (await IsDueAsync(stoppingToken) && await TryRunOnceAsync(stoppingToken))
                {
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A pass that is cut off is one that crashed: the next one, here or elsewhere, goes on.
        }
    }

    /// <summary>True if a pass has something to do. This is one statement, while a pass that finds nothing is ten.</summary>
    private async Task<bool> IsDueAsync(CancellationToken stop)
    {
        if (!_isIdle)
            return true;
        try
        {
            await using var command = database.Source.CreateCommand(DueSql);
            command.Parameters.AddWithValue(_floor.Position);
            return await command.ExecuteScalarAsync(stop) is true;
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            return true; // the pass says what it is
        }
    }

    /// <summary>Tries one pass. True if more was waiting.</summary>
    private async Task<bool> TryRunOnceAsync(CancellationToken stop)
    {
        try
        {
            return await RunOnceAsync(stop) is { IsMore: true, Problem: null };
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // The message may quote data: type and SQLSTATE say enough to look further.
            var what = $"{e.GetType().Name} {(e as PostgresException)?.SqlState}".TrimEnd();
            if (Failure.IsUnreachable(e))
                log.LogWarning("The log waits for the database: {Error}", what);
            else
                Told(new LogPass(0, null, $"the log could not go on and is tried again: {what}"));
            return false;
        }
    }

    private async Task<LogPass> PassAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var origin = (await LogState.ReadAsync(connection, cancel)).Origin ?? LogKeyFile.Read(keys.Folder).Verifier.Name;
        if (await Sequencer.RunAsync(connection, origin, _floor, At, cancel) is not { } sequenced)
            return new LogPass(0, null, null);
        if (sequenced.Size == 0)
            return new LogPass(0, 0, null);
        var latest = await SignAsync(connection, origin, cancel);
        if (latest is null || latest.Checkpoint.Size < sequenced.Size)
            return new LogPass(sequenced.Events, null, null); // another process is signing
        var (isPublished, problem) = latest.IsPublished ? (true, null) : await PublishAsync(connection, latest, cancel);
        if (isPublished && sequenced.CoveredUntil is { } until)
            await CheckpointStore.CoverAsync(connection, origin, until, isHeartbeat: latest.IsPublished, cancel);
        return new LogPass(sequenced.Events, sequenced.Size, problem) { IsMore = sequenced.CoveredUntil is null };
    }

    /// <summary>
    /// Signs the committed tree, unless it is signed. Null if another process with this key folder is signing. The lock on the folder is
    /// held only around the signature: nobody else could sign while a frozen process holds it.
    /// </summary>
    private async Task<StoredCheckpoint?> SignAsync(NpgsqlConnection connection, string origin, CancellationToken cancel)
    {
        if (LogSigner.Find(keys.Folder, origin) is not { } key)
            return null;
        // In this order: whatever was signed before, here or by another node, was committed before, so the tree read last is no smaller,
        // or was rolled back.
        var last = LogSigner.LastOf(keys.Folder, key);
        var stored = await CheckpointStore.LatestAsync(connection, key, published: false, cancel);
        if (last is null && stored is not null)
            throw LogSigner.Forgotten(keys.Folder);
        var state = await LogState.ReadAsync(connection, cancel);
        if (state.Origin != origin)
            return null; // renamed a moment ago: the next pass goes on under the new name
        var checkpoint = new Checkpoint(origin, state.Size, state.Root);
        if (checkpoint == last && checkpoint == stored?.Checkpoint)
            return stored;
        await SelfCheck.RunAsync(connection, state, [.. new[] { last, stored?.Checkpoint }.OfType<Checkpoint>()], cancel);
        At("log.checked");
        if (await SignAsync(connection, checkpoint, last, cancel) is not { } note)
            return null;
        At("log.signed");
        if (checkpoint != stored?.Checkpoint)
            await CheckpointStore.AddAsync(connection, checkpoint, note, cancel);
        At("log.stored");
        return await CheckpointStore.LatestAsync(connection, key, published: false, cancel);
    }

    /// <summary>Signs what was checked against <paramref name="last"/>. Null if anything was signed, or the log renamed, since.</summary>
    private async Task<SignedNote?> SignAsync(
        NpgsqlConnection connection, Checkpoint checkpoint, Checkpoint? last, CancellationToken cancel)
    {
        using var signer = LogSigner.TryOpen(keys.Folder, checkpoint.Origin);
        if (signer is null || signer.Last() != last || (await LogState.ReadAsync(connection, cancel)).Origin != checkpoint.Origin)
            return null;
        return signer.Sign(checkpoint);
    }

    /// <returns>
    /// True if it is published now, and the problem that prevents it. Without both, another node has stored something else meanwhile.
    /// </returns>
    private async Task<(bool IsPublished, string? Problem)> PublishAsync(
        NpgsqlConnection connection, StoredCheckpoint latest, CancellationToken cancel)
    {
        var cosigned = options.Cosign is { } cosign
            ? await cosign(latest.Checkpoint, latest.Note, cancel)
            : new CosignedNote(latest.Note, QuorumMet: true, Problem: null);
        var isStored = await CheckpointStore.PublishAsync(connection, latest.Checkpoint, cosigned.Note, cosigned.QuorumMet, cancel);
        At("log.published");
        return cosigned.QuorumMet
            ? (isStored, null)
            : (false, $"the witnesses' quorum has not cosigned the latest checkpoint: {cosigned.Problem ?? "no reason is known"}");
    }

    /// <summary>The message, if the problem is the log's and not the database's. Null otherwise.</summary>
    private static string? Describe(Exception e) =>
        e switch
        {
            LogException => e.Message,
            PostgresException { SqlState: "LV001" } =>
                $"the database refused to change what the log has already ({((PostgresException)e).TableName}): rows were changed by "
                + "somebody else. Restore the database from a backup",
            PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } refused =>
                $"an event would be logged twice ({refused.ConstraintName}): rows were changed by somebody else. Restore the database "
                + "from a backup",
            IOException or UnauthorizedAccessException => $"{LogReadiness.KeyFolderProblem}: {e.Message}",
            _ => null,
        };

    private LogPass Told(LogPass pass)
    {
        if (pass.Problem is not null && pass.Problem != Problem)
            log.LogError("The log is stopped, and with it deletions: {Problem}", pass.Problem);
        else if (pass.Problem is null && Problem is not null)
            log.LogInformation("The log goes on");
        // A pass that another writer made says nothing of this node's troubles.
        if (pass.Size is not null || pass.Problem is not null)
            Problem = pass.Problem;
        _isIdle = pass is { Events: 0, Problem: null, Size: not null };
        return pass;
    }
}
