using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Keys;
using Ledger.Keys.Rotation;
using Ledger.Machine;
using Ledger.Notifications;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Marten;
using Npgsql;

namespace Ledger.Forgetting;

/// <summary>A job that was forgotten.</summary>
/// <param name="Bot">The job's bot.</param>
/// <param name="At">The instant since which the live database shows none of its identifiers. Null if an earlier call forgot it.</param>
/// <param name="ManifestRows">Number of rows of its sealed list that were destroyed now.</param>
/// <param name="Identifiers">Number of conversations that those rows listed.</param>
/// <param name="Epoch">The newest epoch. Backups, WAL and replicas may hold the job's key under the key of this epoch or an earlier
/// one.</param>
/// <param name="RotationDueAt">The instant when a running service rotates that key away.</param>
public sealed record ForgottenJob(
    string Bot, DateTimeOffset? At, long ManifestRows, long Identifiers, int Epoch, DateTimeOffset RotationDueAt);

/// <summary>Destroys a job's key and what it sealed, and records it. The job's events stay, and so do its proofs.</summary>
public sealed class JobForgetting(NpgsqlDataSource database, IDocumentStore store, TimeProvider time)
{
    private const int Attempts = 5;
    private static readonly string FindJobSql = Sql.Load(typeof(JobForgetting), "FindJob");

    /// <summary>Forgets one job. Repeating it records nothing.</summary>
    /// <returns>The job, or the reason that it cannot be forgotten.</returns>
    public async Task<(ForgottenJob? Job, Rejection? Rejection)> ForgetAsync(
        JobId job, string actor, string? reason, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryAsync(job, actor, reason, cancel);
            }
            catch (LostRaceException) when (attempt < Attempts)
            {
                // A deadlock: the other one is through by now.
            }
        }
    }

    private async Task<(ForgottenJob?, Rejection?)> TryAsync(JobId job, string actor, string? reason, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
        if (await FindJobAsync(connection, job, cancel) is not var (bot, isUnfinished))
            return (null, new Rejection("there is no such job: `ledger jobs` lists them"));
        if (isUnfinished)
            return (
                null,
                new Rejection(
                    "the job has not ended, and needs its key for that: forget it afterwards (`ledger status` shows where it stands)")
            );
        // The bot's stream first: of two that forget the same job, the second finds nothing left.
        var stream = await transaction.LockAsync<Bot, Guid>(StreamIds.Bot(bot), cancel);
        var destroyed = await SealedRows.DestroyAsync(connection, job, cancel);
        await Deliveries.CancelAsync(connection, job, cancel);
        var isFirst = destroyed.Keys + destroyed.Rows > 0;
        // Counted after that, so that a rotation which re-wrapped the key in between is seen: its epoch is the one that has to go.
        var (epoch, due) = await KeyRotation.CountForgottenAsync(connection, isFirst ? 1 : 0, cancel);
        if (!isFirst)
            return (new ForgottenJob(bot, null, 0, 0, epoch, due), null);
        var now = time.GetUtcNow();
        transaction.Append(stream, [new JobKeyDestroyed(bot, job.ToString()) { Actor = actor, Reason = reason }], now);
        await transaction.WriteAsync(cancel);
        FaultPoint.At("forget.before-commit");
        await transaction.CommitAsync(cancel);
        return (new ForgottenJob(bot, now, destroyed.Rows, destroyed.Identifiers, epoch, due), null);
    }

    private static async Task<(string Bot, bool IsUnfinished)?> FindJobAsync(
        NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(FindJobSql, connection) { Parameters = { new() { Value = job.Value } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? (reader.GetString(0), reader.GetBoolean(1)) : null;
    }
}
