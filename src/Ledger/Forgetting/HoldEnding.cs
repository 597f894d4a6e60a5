using Ledger.Contracts.Registry;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Holds;
using Ledger.Keys;
using Ledger.Keys.Rotation;
using Ledger.Machine;
using Ledger.Notifications;
using Ledger.Projections.Registry;
using Marten;
using Npgsql;

namespace Ledger.Forgetting;

/// <summary>The result of ending a hold.</summary>
public abstract record EndingResult
{
    private EndingResult() { }

    /// <summary>The hold is over.</summary>
    /// <param name="Jobs">The jobs that skipped conversations because of it. Their erasure is owed again.</param>
    public sealed record Ended(LegalHold Hold, IReadOnlyList<HeldJob> Jobs) : EndingResult;

    /// <summary>There is no such hold.</summary>
    public sealed record Unknown : EndingResult;

    /// <summary>It cannot be ended, because it has ended already.</summary>
    public sealed record Refused(string Message) : EndingResult;

    /// <summary>It is not due yet.</summary>
    public sealed record NotDue : EndingResult;

    /// <summary>A deletion of the bot is running and did not end in time. Nothing was recorded.</summary>
    public sealed record Busy : EndingResult;
}

/// <summary>
/// Ends legal holds (docs/adr/0050). In one transaction it records the end, destroys the hold's key with the sealed list, and queues the
/// notifications that name the jobs whose erasure is owed again. It waits for the batches of the bot that have begun, so that no job is
/// missing.
/// </summary>
public sealed class HoldEnding(NpgsqlDataSource database, IDocumentStore store, HoldReader holds, Messages messages, TimeProvider time)
{
    private const int Attempts = 5;

    /// <summary>Ends one hold.</summary>
    /// <param name="bot">The bot whose hold it must be. Null for any.</param>
    /// <param name="hold">The hold.</param>
    /// <param name="command">Lifts it, or ends it if it is due.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<EndingResult> EndAsync(string? bot, HoldId hold, HoldCommand command, CancellationToken cancel)
    {
        if (await holds.FindAsync(bot, hold, cancel) is not var (found, _))
            return new EndingResult.Unknown();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryAsync(found.Bot, hold, command, cancel);
            }
            catch (LostRaceException) when (attempt < Attempts)
            {
                // A deadlock: the other one is through by now.
            }
        }
    }

    private async Task<EndingResult> TryAsync(string bot, HoldId hold, HoldCommand command, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
        if (!await HoldLock.TryTakeAsync(connection, bot, cancel))
            return new EndingResult.Busy();
        var stream = await transaction.LockAsync<LegalHold, Guid>(hold.Value, cancel);
        var decision = HoldDecisions.Decide(stream.Aggregate, command);
        if (decision.Rejection is { } rejection)
            return new EndingResult.Refused(rejection.Message);
        if (decision.Events.Count == 0)
            return new EndingResult.NotDue();
        var now = time.GetUtcNow();
        var jobs = await HoldSkips.ReadAsync(connection, hold, cancel);
        // A live hold has a key. Counted after its destruction, so that a rotation which re-wrapped the key in between is seen.
        await SealedRows.DestroyAsync(connection, HoldSecrets.Of(hold), cancel);
        await KeyRotation.CountForgottenAsync(connection, 1, cancel);
        transaction.Append(stream, decision.Events, now);
        await Deliveries.QueueHoldAsync(transaction, messages, hold, bot, cancel);
        await transaction.WriteAsync(cancel);
        FaultPoint.At("hold.before-end");
        await transaction.CommitAsync(CancellationToken.None);
        var ended = decision.Events.Cast<RegistryEvent>().Aggregate(
            stream.Aggregate, (before, @event) => LegalHoldFold.Apply(before, @event, Contracts.Instant.Truncate(now)))!;
        return new EndingResult.Ended(ended, jobs);
    }
}
