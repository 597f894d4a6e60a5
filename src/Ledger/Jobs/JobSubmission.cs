using Ledger.Contracts.Jobs;
using Ledger.Projections.Registry;

namespace Ledger.Jobs;

/// <summary>A checked request of an authenticated client.</summary>
/// <param name="Canonical">
/// The request's members as they were sent, in one canonical form (ids as a set): what "the same request" means under an
/// idempotency key. Only a keyed digest of it is kept.
/// </param>
public sealed record Submission(Bot Bot, DeletionWindow Window, string ClientId, DeletionRequest Request, string? IdempotencyKey, byte[] Canonical);

/// <summary>What became of a submission.</summary>
public abstract record SubmissionResult
{
    private SubmissionResult() { }

    /// <summary>The job is recorded, durably.</summary>
    public sealed record Accepted(JobId JobId, DateTimeOffset SubmittedAt) : SubmissionResult;

    /// <summary>The idempotency key names another request's job.</summary>
    public sealed record KeyReused : SubmissionResult;
}

/// <summary>Records submissions.</summary>
public sealed class JobSubmission
{
    /// <exception cref="EventStore.OutcomeUnknownException">The commit's outcome could not be learnt (contract §5, 5031).</exception>
    /// <exception cref="Npgsql.NpgsqlException">The database is unreachable; nothing was recorded.</exception>
    public Task<SubmissionResult> SubmitAsync(Submission submission, CancellationToken cancel) => throw new NotSupportedException("next commit");
}
