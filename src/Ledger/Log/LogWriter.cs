using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Log.Sequencing;
using Ledger.Machine;
using Npgsql;

namespace Ledger.Log;

/// <summary>What one pass did.</summary>
/// <param name="Events">Events that got their leaves.</param>
/// <param name="Size">Leaves of the tree after it; null: another writer was at it.</param>
/// <param name="Problem">What keeps the log from going on, in plain words; null if nothing does.</param>
public sealed record LogPass(int Events, long? Size, string? Problem)
{
    /// <summary>More was waiting than a pass takes.</summary>
    public bool IsMore { get; init; }
}

/// <summary>
/// Writes the log: sequence and integrate (<see cref="Sequencer"/>, one transaction) → check (<see cref="SelfCheck"/>) → sign (<see
/// cref="LogSigner"/>) → store → witnesses → publish. Every step is committed before the next, and the next pass goes on wherever a crash
/// left it. Any number of nodes may run it.
/// </summary>
public sealed class LogWriter(LogDatabase database, KeyFolder keys, LogOptions options, TimeProvider time, ILogger<LogWriter> log)
    : BackgroundService
{
    /// <summary>From the beginning of one pass to that of the next, and so between two checkpoints, at least.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private static readonly string DueSql = Sql.Load(typeof(LogWriter), nameof(IsDueAsync));

    private readonly SemaphoreSlim _one = new(1);
    private readonly QueueFloor _floor = new();
    private bool _isIdle;

    /// <summary>
    /// What keeps this node from writing the log, and what to do; null if nothing does. An unreachable database is not the log's problem.
    /// </summary>
    public string? Problem { get; private set; }

    /// <summary>Where the queue begins for this writer: rows are behind this position.</summary>
    internal long QueueBegins => _floor.Position;

    /// <summary>Told where a pass stands; a test that throws here leaves what a crash there leaves.</summary>
    internal Action<string> At { get; init; } = FaultPoint.At;

    /// <summary>One bounded pass.</summary>
    /// <exception cref="NpgsqlException">The database is away; what was not committed is as if it had not begun.</exception>
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

    /// <summary>Whether a pass has something to do. It is one statement, and a pass that finds nothing is ten.</summary>
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

    /// <summary>True: more was waiting.</summary>
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

    /// <summary>Signs the committed tree, unless it is signed; null: another process with this key folder is at it.</summary>
    private async Task<StoredCheckpoint?> SignAsync(NpgsqlConnection connection, string origin, CancellationToken cancel)
    {
        using var signer = LogSigner.TryOpen(keys.Folder, origin);
        if (signer is null)
            return null;
        // In this order: whatever was signed before, here or by another node, was committed before, so the tree read last is no smaller,
        // or was rolled back.
        var last = signer.Last();
        var stored = await CheckpointStore.LatestAsync(connection, signer.Verifier, published: false, cancel);
        if (last is null && stored is not null)
            throw signer.Forgotten();
        var state = await LogState.ReadAsync(connection, cancel);
        if (state.Origin != origin)
            return null; // renamed a moment ago: the next pass goes on under the new name
        var checkpoint = new Checkpoint(origin, state.Size, state.Root);
        if (checkpoint == last && checkpoint == stored?.Checkpoint)
            return stored;
        await SelfCheck.RunAsync(connection, state, [.. new[] { last, stored?.Checkpoint }.OfType<Checkpoint>()], cancel);
        At("log.checked");
        var note = signer.Sign(checkpoint);
        At("log.signed");
        if (checkpoint != stored?.Checkpoint)
            await CheckpointStore.AddAsync(connection, checkpoint, note, cancel);
        At("log.stored");
        return await CheckpointStore.LatestAsync(connection, signer.Verifier, published: false, cancel);
    }

    /// <returns>
    /// Whether it is published now, and what keeps it from being that; neither: another node has stored something else meanwhile.
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

    /// <summary>What is the log's problem, and not the database's; null: it is not.</summary>
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
