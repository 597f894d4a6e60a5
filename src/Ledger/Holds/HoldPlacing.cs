using System.Security.Cryptography;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Keys;
using Ledger.Machine;
using Ledger.Projections.Registry;
using Marten;
using Npgsql;

namespace Ledger.Holds;

/// <summary>A checked request for a legal hold.</summary>
/// <param name="Actor">The client or the person that places it.</param>
/// <param name="Until">The instant at which it ends by itself. Null if somebody has to lift it.</param>
public sealed record HoldRequest(
    string Bot, HeldIdentifiers Held, string Reason, DateTimeOffset? Until, string Actor, string? IdempotencyKey)
{
    public const int ReasonCharacters = 500;

    public const string ReasonRule = "must be a text of 1 to 500 characters, not all blank, without control characters";

    /// <summary>True if a text can be a hold's reason.</summary>
    public static bool IsReason(string text) => !string.IsNullOrWhiteSpace(text) && Limits.Characters(text) <= ReasonCharacters
        && !text.Any(char.IsControl) && !text.Contains('\uFEFF');

    /// <summary>The type's name without its members.</summary>
    public override string ToString() => nameof(HoldRequest);
}

/// <summary>The result of placing a hold.</summary>
public abstract record PlacingResult
{
    private PlacingResult() { }

    /// <summary>The hold is recorded, durably. Nothing under it is deleted from now on.</summary>
    public sealed record Placed(HoldId Id) : PlacingResult;

    /// <summary>The idempotency key names another request's hold.</summary>
    public sealed record KeyReused : PlacingResult;

    /// <summary>The idempotency key names a hold that has ended. Nothing can show any more if this is its request.</summary>
    public sealed record KeyOfEnded : PlacingResult;

    /// <summary>A deletion of the bot is running and did not end in time. Nothing was recorded.</summary>
    public sealed record Busy : PlacingResult;
}

/// <summary>
/// Places legal holds (docs/adr/0050). It waits for the batches of the bot that have begun, and then records the hold with its sealed list.
/// What such a batch deleted was deleted before the hold. Every later batch keeps to the hold.
/// </summary>
public sealed class HoldPlacing(NpgsqlDataSource database, IDocumentStore store, KeyFolder keys, TimeProvider time)
{
    /// <summary>Maximum number of times that a hold is sent, if the connection dies under it.</summary>
    private const int Sends = 4;

    /// <summary>The database's error code for a key that is wrapped under an epoch that is not the newest.</summary>
    private const string EpochIsClosed = "LV410";

    private static readonly TimeSpan BetweenSends = TimeSpan.FromMilliseconds(500);
    private static readonly string FindSql = Sql.Load(typeof(HoldPlacing), nameof(FindAsync));

    /// <exception cref="OutcomeUnknownException">The commit's outcome could not be learnt.</exception>
    /// <exception cref="NpgsqlException">The database is unreachable. Nothing was recorded.</exception>
    public async Task<PlacingResult> PlaceAsync(HoldRequest request, CancellationToken cancel)
    {
        var id = request.IdempotencyKey is { } key
            ? HoldId.FromIdempotencyKey(keys.JobIdSecret, request.Bot, key)
            : HoldId.FromRandomness(RandomNumberGenerator.GetBytes(32));
        FaultPoint.At("hold.before-commit");
        var inDoubt = false; // an earlier send may have been committed
        for (var send = 1; ; send++)
        {
            var sent = false;
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancel);
                await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
                if (!await HoldLock.TryTakeAsync(connection, request.Bot, cancel))
                    return inDoubt ? throw new OutcomeUnknownException(new TimeoutException()) : new PlacingResult.Busy();
                await WriteAsync(transaction, id, request);
                sent = true;
                await transaction.CommitAsync(CancellationToken.None);
                FaultPoint.At("hold.after-commit");
                return new PlacingResult.Placed(id);
            }
            catch (LostRaceException e)
                when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } && send < Sends)
            {
                // Nothing was recorded by this send: once more.
            }
            catch (LostRaceException)
            {
                // Recorded before: by the same key, or by an earlier send whose answer was lost.
                return await FindAsync(id, request, cancel);
            }
            catch (PostgresException e) when (e.SqlState == EpochIsClosed && send < Sends)
            {
                // A rotation opened another epoch since the folder was read. Nothing was recorded, by earlier sends neither.
                keys.Reload();
                inDoubt = false;
            }
            catch (NpgsqlException e) when (inDoubt || (sent && Failure.IsUnreachable(e)))
            {
                // Sending the same hold again learns the outcome: PostgreSQL lets one of the two in, and tells the other.
                inDoubt = true;
                if (send == Sends)
                    throw new OutcomeUnknownException(e);
                await Task.Delay(BetweenSends, time, CancellationToken.None);
            }
        }
    }

    private async Task WriteAsync(StreamTransaction transaction, HoldId id, HoldRequest request)
    {
        var (key, epoch, wrapped) = keys.NewJobKey(HoldSecrets.Of(id));
        var placed = new LegalHoldPlaced(
            id.ToString(), request.Bot, request.Held.RequestType, request.Held.Commitments(key), request.Until)
        {
            Actor = request.Actor,
            Reason = request.Reason,
        };
        transaction.Start<LegalHold>(id.Value, HoldDecisions.Decide(null, new PlaceHold(placed)).Accepted(), time.GetUtcNow());
        var secrets = new JobSecrets(epoch, wrapped, HoldSecrets.Seal(key, request.Held));
        var insert = SealedRows.InsertSecrets(HoldSecrets.Of(id), secrets, key.DigestRequest(Canonical(request)));
        await transaction.WriteAsync([insert], [], closing: null, CancellationToken.None);
    }

    /// <summary>The hold that is recorded under the id, if it is of the same request.</summary>
    private async Task<PlacingResult> FindAsync(HoldId id, HoldRequest request, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindSql);
        command.Parameters.AddWithValue(id.Value);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel)
            || keys.OpenJobKey(HoldSecrets.Of(id), reader.GetInt32(0), reader.GetFieldValue<byte[]>(1)) is not { } recorded)
            return new PlacingResult.KeyOfEnded();
        var isSame = CryptographicOperations.FixedTimeEquals(
            recorded.DigestRequest(Canonical(request)), reader.GetFieldValue<byte[]>(2));
        return isSame ? new PlacingResult.Placed(id) : new PlacingResult.KeyReused();
    }

    private static byte[] Canonical(HoldRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new CanonicalHold(request.Held, request.Reason, request.Until), HeldJson.Default.CanonicalHold);
}
