using Ledger.Contracts;
using Ledger.Engine;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Ledger.Keys.Rotation;
using Npgsql;

namespace Ledger.Forgetting;

/// <summary>Runs once a minute. Drops destroyed keys and the data of forgotten jobs from memory. Finishes an interrupted rotation, and
/// rotates when <see cref="RotateWhen.Daily"/> calls for it.</summary>
internal sealed class KeyRotationDuty(
    KeyRotation rotation, KeyFolder keys, ErasedIndex erased, NpgsqlDataSource database, TimeProvider time, ILogger<KeyRotationDuty> log)
    : Duty(TimeSpan.FromMinutes(1), time, log)
{
    private string? _behind;

    /// <summary>The problem that keeps this node from opening jobs' keys, with the remedy. Null if there is none.</summary>
    public string? Problem => keys.Problem() ?? _behind;

    /// <inheritdoc/>
    protected override string Failing => "the keys are not rotated";

    /// <inheritdoc/>
    public override async Task RunOnceAsync(CancellationToken cancel)
    {
        try
        {
            keys.Reload();
            await using (var connection = await database.OpenConnectionAsync(cancel))
                await erased.RefreshAsync(connection, cancel);
            if (await rotation.RunOnceAsync(RotateWhen.Daily, "ledger", "rotation", cancel) is RotationResult.Rotated rotated)
            {
                Log.LogInformation(
                    "the keys of epochs {Epochs} were destroyed by {Instant}",
                    string.Join(", ", rotated.Destroyed), Instant.Text(rotated.At));
            }
            _behind = null;
        }
        catch (KeyFolderBehindException e)
        {
            _behind = e.Message;
            throw;
        }
    }

    /// <summary>Adds the message of the ledger's own exceptions, which say what to do. A library's message may quote data.</summary>
    protected override string Describe(Exception failure) =>
        failure is InvalidOperationException or IOException or UnauthorizedAccessException
            ? $"{base.Describe(failure)}: {failure.Message}"
            : base.Describe(failure);
}
