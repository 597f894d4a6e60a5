using System.Security.Cryptography;
using Ledger.Contracts;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Database.Checks;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Jobs.Cases;
using Ledger.Keys;
using Ledger.Machine;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.Windows;
using Marten;
using Npgsql;

namespace Ledger.Jobs;

/// <summary>A checked request of an authenticated client.</summary>
/// <param name="Canonical">
/// The request's members as they were sent, in one canonical form, with the ids as a set. It decides what "the same request" means under an
/// idempotency key. Only a keyed digest of it is kept.
/// </param>
/// <param name="Case">The request behind the deletion. Null if the client told nothing of it.</param>
public sealed record Submission(
    Bot Bot, DeletionWindow Window, string ClientId, DeletionRequest Request, string? IdempotencyKey, byte[] Canonical,
    DeletionCase? Case = null)
{
    /// <summary>The type's name without its members: the key of a submission leads to its job.</summary>
    public override string ToString() => nameof(Submission);
}

/// <summary>The result of a submission.</summary>
public abstract record SubmissionResult
{
    private SubmissionResult() { }

    /// <summary>The job is recorded, durably.</summary>
    public sealed record Accepted(JobId JobId, DateTimeOffset SubmittedAt) : SubmissionResult;

    /// <summary>The idempotency key names another request's job.</summary>
    public sealed record KeyReused : SubmissionResult;

    /// <summary>The bot's window never opens again. Nothing was recorded.</summary>
    /// <param name="Reason">The reason, in plain words.</param>
    public sealed record WindowNeverOpens(string Window, string Reason) : SubmissionResult;

    /// <summary>The idempotency key names a job that was forgotten. Nothing can show any more if this is its request.</summary>
    public sealed record KeyForgotten : SubmissionResult;
}

/// <summary>
/// Records submissions. The events, the documents and the sealed request go in one transaction. An answered submission is durable, and a
/// job that a GET finds is a job that will run.
/// </summary>
public sealed class JobSubmission(
    NpgsqlDataSource database, IDocumentStore store, KeyFolder keys, WindowPlanner planner, WakeUps wakeUps, TimeProvider time)
{
    /// <summary>Maximum number of times that a submission is sent, if the connection dies under it.</summary>
    private const int Sends = 4;

    /// <summary>The database's error code for a key that is wrapped under an epoch that is not the newest.</summary>
    private const string EpochIsClosed = "LV410";

    private static readonly TimeSpan BetweenSends = TimeSpan.FromMilliseconds(500);
    private static readonly string FindSql = Sql.Load(typeof(JobSubmission), nameof(FindAsync));

    /// <exception cref="OutcomeUnknownException">The commit's outcome could not be learnt (contract §5, 5031).</exception>
    /// <exception cref="NpgsqlException">The database is unreachable. Nothing was recorded.</exception>
    public async Task<SubmissionResult> SubmitAsync(Submission submission, CancellationToken cancel)
    {
        var id = submission.IdempotencyKey is { } key
            ? JobId.FromIdempotencyKey(keys.JobIdSecret, submission.Bot.BotId, key)
            : JobId.FromRandomness(RandomNumberGenerator.GetBytes(32));
        var now = Instant.Truncate(time.GetUtcNow());
        if (planner.TryPlan(submission.Window, now) is not { } plan)
            return await RefuseUnplannedAsync(id, submission, now, cancel);
        FaultPoint.At("submit.before-commit");
        var inDoubt = false; // an earlier send may have been committed
        for (var send = 1; ; send++)
        {
            var sent = false;
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancel);
                await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
                await WriteAsync(transaction, id, submission, plan, now);
                sent = true;
                await transaction.CommitAsync(CancellationToken.None);
                FaultPoint.At("submit.after-commit");
                return new SubmissionResult.Accepted(id, now);
            }
            catch (LostRaceException e)
                when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } && send < Sends)
            {
                // Nothing was recorded by this send, and perhaps by no other: once more.
            }
            catch (LostRaceException)
            {
                // Recorded before: by the same key, or by an earlier send of ours whose answer was lost.
                return await FindAfterSendAsync(id, submission.Canonical, cancel);
            }
            catch (PostgresException e) when (e.SqlState == EpochIsClosed)
            {
                // A rotation opened another epoch since the folder was read; nothing was recorded, by earlier sends neither.
                if (send == Sends)
                    throw new KeyFolderBehindException();
                keys.Reload();
                inDoubt = false;
            }
            catch (UnfitDatabaseException e) when (inDoubt)
            {
                throw new OutcomeUnknownException(e); // an earlier send may have recorded it, and this database cannot be asked
            }
            catch (NpgsqlException e) when (inDoubt || (sent && OutcomeUnknownException.IsUnknownAfter(e)))
            {
                // Sending the same job again learns the outcome: PostgreSQL lets one of the two in, and tells the other.
                inDoubt = true;
                if (send == Sends)
                    throw new OutcomeUnknownException(e);
                await Task.Delay(BetweenSends, time, CancellationToken.None);
            }
        }
    }

    private async Task WriteAsync(StreamTransaction transaction, JobId id, Submission submission, Plan plan, DateTimeOffset now)
    {
        var (key, epoch, wrapped) = keys.NewJobKey(id);
        var events = JobDecisions.Decide(null, new Submit(Submitted(submission, key), plan, submission.Case?.Recorded(key))).Events;
        transaction.Start<Job>(id.Value, events, now);
        var request = SealedRequest.Write(submission.Request, submission.Case?.Reference);
        var secrets = new JobSecrets(epoch, wrapped, key.Seal(SealedKind.Request, 0, request));
        var insert = SealedRows.InsertSecrets(id, secrets, key.DigestRequest(submission.Canonical));
        await wakeUps.PlannedAsync(transaction, plan, now);
        await transaction.WriteAsync([insert], [], closing: null, CancellationToken.None);
    }

    private static Submitted Submitted(Submission submission, JobKey key) =>
        submission.Request switch
        {
            DeletionRequest.ByConversationIds ids => new Submitted(
                submission.Bot.BotId, RequestType.ConversationIds,
                [.. ids.ConversationIds.Select(conversation => key.Commit(IdentifierKind.Conversation, conversation))],
                submission.ClientId),
            DeletionRequest.ByChannelUser user => new Submitted(
                submission.Bot.BotId, RequestType.CId, [key.Commit(IdentifierKind.CId, user.CId)], submission.ClientId, user.From, user.To),
            _ => throw new ArgumentOutOfRangeException(nameof(submission)),
        };

    /// <summary>Refuses, unless a job was recorded under the same key while the window still opened. That job is answered as
    /// always.</summary>
    private async Task<SubmissionResult> RefuseUnplannedAsync(JobId id, Submission submission, DateTimeOffset now, CancellationToken cancel)
    {
        if (submission.IdempotencyKey is not null && await IsRecordedAsync(id, cancel))
            return await FindAsync(id, submission.Canonical, cancel);
        return new SubmissionResult.WindowNeverOpens(submission.Window.Name, planner.WhyNeverAgain(submission.Window, now)!);
    }

    private async Task<bool> IsRecordedAsync(JobId id, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select exists (select from ledger.mt_streams where id = $1)");
        command.Parameters.AddWithValue(id.Value);
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    private async Task<SubmissionResult> FindAfterSendAsync(JobId id, byte[] canonical, CancellationToken cancel)
    {
        try
        {
            return await FindAsync(id, canonical, cancel);
        }
        catch (Exception e) when (e is NpgsqlException or UnfitDatabaseException)
        {
            throw new OutcomeUnknownException(e); // a job is recorded under this id, but not whose request
        }
    }

    private async Task<SubmissionResult> FindAsync(JobId id, byte[] canonical, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var command = new NpgsqlCommand(FindSql, connection) { Parameters = { new() { Value = id.Value } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return new SubmissionResult.KeyForgotten();
        // A row that a restored backup brought back can be of a forgotten job too. A key that this folder merely lacks throws.
        if (keys.OpenJobKey(id, reader.GetInt32(1), reader.GetFieldValue<byte[]>(2)) is not { } recorded)
            return new SubmissionResult.KeyForgotten();
        var same = CryptographicOperations.FixedTimeEquals(recorded.DigestRequest(canonical), reader.GetFieldValue<byte[]>(3));
        return same ? new SubmissionResult.Accepted(id, reader.GetFieldValue<DateTimeOffset>(0)) : new SubmissionResult.KeyReused();
    }
}
