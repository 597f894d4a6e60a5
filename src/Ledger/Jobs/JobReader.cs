using Ledger.Contracts.Jobs;

namespace Ledger.Jobs;

/// <summary>The stored status document, as text.</summary>
public sealed record StoredStatus(string Json, long Version, bool Ended);

/// <summary>One page of a list of jobs: status documents as text, newest first.</summary>
/// <param name="Next">Cursor of the next page; null on the last.</param>
public sealed record JobPage(IReadOnlyList<string> Documents, string? Next);

/// <summary>One conversation's outcome so far.</summary>
/// <param name="ConversationId">Null once the job's key is gone.</param>
/// <param name="Outcome"><c>deleted</c>, <c>failed</c>, <c>skipped</c>, or <c>pending</c> while it has none.</param>
public sealed record ConversationOutcome(long Ordinal, string? ConversationId, string Outcome, string? Reason);

/// <summary>One page of outcomes in ordinal order.</summary>
public sealed record OutcomePage(IReadOnlyList<ConversationOutcome> Outcomes, long? Next);

/// <summary>Reads jobs for the API. Every method answers null for a job that does not exist or is another bot's.</summary>
public sealed class JobReader
{
    public Task<StoredStatus?> StatusAsync(string botId, JobId job, CancellationToken cancel) => throw new NotSupportedException("next commit");

    /// <summary>Who submitted the job.</summary>
    public Task<string?> ClientAsync(string botId, JobId job, CancellationToken cancel) => throw new NotSupportedException("next commit");

    /// <param name="botId">The bot.</param>
    /// <param name="status">Only jobs with this status; null: all.</param>
    /// <param name="limit">1 to 100.</param>
    /// <param name="after">The cursor of an earlier page.</param>
    /// <param name="cancel">Stops the read.</param>
    /// <exception cref="FormatException">The cursor is not one of ours.</exception>
    public Task<JobPage> ListAsync(string botId, string? status, int limit, string? after, CancellationToken cancel) => throw new NotSupportedException("next commit");

    /// <param name="botId">The bot.</param>
    /// <param name="job">The job.</param>
    /// <param name="outcome">Only conversations with this outcome; null: all that have one.</param>
    /// <param name="limit">1 to 1000.</param>
    /// <param name="after">Only ordinals above this one; -1 for the first page.</param>
    /// <param name="cancel">Stops the read.</param>
    public Task<OutcomePage?> OutcomesAsync(string botId, JobId job, string? outcome, int limit, long after, CancellationToken cancel) => throw new NotSupportedException("next commit");
}
