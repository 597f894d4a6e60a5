using Ledger.Contracts;
using Npgsql;

namespace Ledger.Identifiers;

/// <summary>Once a minute, drops destroyed keys from memory, and what was known of forgotten jobs, finishes a rotation that was
/// interrupted, and rotates where <see cref="RotateWhen.Daily"/> calls for it.</summary>
internal sealed class KeyRotationDuty(
    KeyRotation rotation, KeyFolder keys, ErasedIndex erased, NpgsqlDataSource database, TimeProvider time, ILogger<KeyRotationDuty> log)
        : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private string? _behind;

    /// <summary>What keeps this node from opening jobs' keys, and what to do; null if nothing does.</summary>
    public string? Problem => keys.Problem() ?? _behind;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Ours say what to do; a library's message may quote data.
                var cause = exception is InvalidOperationException or IOException or UnauthorizedAccessException ? exception.Message : null;
                log.LogWarning("the keys were not rotated: {Error} {SqlState} {Cause}", exception.GetType().Name, (exception as PostgresException)?.SqlState, cause);
            }
        }
    }

    /// <summary>One pass.</summary>
    public async Task RunOnceAsync(CancellationToken cancel)
    {
        try
        {
            keys.Reload();
            await using (var connection = await database.OpenConnectionAsync(cancel))
                await erased.RefreshAsync(connection, cancel);
            if (await rotation.RunOnceAsync(RotateWhen.Daily, "ledger", "rotation", cancel) is RotationResult.Rotated rotated)
                log.LogInformation("the keys of epochs {Epochs} were destroyed by {Instant}", string.Join(", ", rotated.Destroyed), Instant.Text(rotated.At));
            _behind = null;
        }
        catch (KeyFolderBehindException e)
        {
            _behind = e.Message;
            throw;
        }
    }
}
