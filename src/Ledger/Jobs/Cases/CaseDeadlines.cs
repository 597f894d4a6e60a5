using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Projections.Jobs;
using Marten;
using Npgsql;

namespace Ledger.Jobs.Cases;

/// <summary>The result of an extension.</summary>
public abstract record ExtensionResult
{
    private ExtensionResult() { }

    /// <summary>The deadline is recorded, now or by an earlier request that was the same.</summary>
    public sealed record Extended : ExtensionResult;

    /// <summary>The job is in no state to be extended.</summary>
    /// <param name="Reason">The reason, in plain words.</param>
    public sealed record Conflict(string Reason) : ExtensionResult;

    /// <summary>The day is not later than the deadline.</summary>
    /// <param name="Rule">The rule that it breaks, in plain words.</param>
    public sealed record NotLater(string Rule) : ExtensionResult;
}

/// <summary>Extends the deadlines of cases, each in a transaction that locks the job's stream.</summary>
public sealed class CaseDeadlines(NpgsqlDataSource database, IDocumentStore store)
{
    /// <summary>Maximum number of times that an extension is tried, if it loses a race.</summary>
    private const int Tries = 4;

    private static readonly string TryExtendSql = Sql.Load(typeof(CaseDeadlines), nameof(TryExtendAsync));

    /// <param name="job">A job that is there.</param>
    /// <param name="extension">The command.</param>
    /// <param name="cancel">Stops it before the commit.</param>
    /// <exception cref="LostRaceException">It lost the race several times over. Nothing was recorded.</exception>
    /// <exception cref="OutcomeUnknownException">The commit's outcome could not be learnt. A repetition records nothing twice.</exception>
    public async Task<ExtensionResult> ExtendAsync(JobId job, ExtendDeadline extension, CancellationToken cancel)
    {
        for (var left = Tries - 1; ; left--)
        {
            try
            {
                return await TryExtendAsync(job, extension, cancel);
            }
            catch (LostRaceException) when (left > 0)
            {
                // Nothing was recorded: once more.
            }
        }
    }

    private async Task<ExtensionResult> TryExtendAsync(JobId job, ExtendDeadline extension, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
        var stream = await transaction.LockAsync<Job, JobId>(job, cancel);
        var now = await ClockAsync(connection, job, cancel);
        var known = stream.Aggregate ?? throw new InvalidOperationException("the job has no document: run `ledger audit`");
        var decision = JobDecisions.Decide(known, extension);
        if (decision.Rejection is { } rejection)
            return known.IsEnded || known.Case is null
                ? new ExtensionResult.Conflict(rejection.Message)
                : new ExtensionResult.NotLater(rejection.Message);
        if (decision.Events.Count > 0)
        {
            transaction.Append(stream, decision.Events, known.InstantAfter(now));
            await transaction.WriteAsync(cancel);
            await CommitAsync(transaction);
        }
        return new ExtensionResult.Extended();
    }

    private static async Task<DateTimeOffset> ClockAsync(NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(TryExtendSql, connection) { Parameters = { new() { Value = job.Value } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) && reader.GetBoolean(1)
            ? reader.GetFieldValue<DateTimeOffset>(0)
            : throw new InvalidOperationException("the job's documents and stream are not of one version: run `ledger audit`");
    }

    private static async Task CommitAsync(StreamTransaction transaction)
    {
        try
        {
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (NpgsqlException e) when (OutcomeUnknownException.IsUnknownAfter(e))
        {
            throw new OutcomeUnknownException(e);
        }
    }
}
