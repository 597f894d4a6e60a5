using Ledger.Contracts.Jobs;
using Ledger.Windows;

namespace Ledger.Jobs;

/// <summary>A command to a job. The instant comes with the command, because a decision reads no clock.</summary>
public abstract record JobCommand
{
    private protected JobCommand() { }
}

/// <summary>Accept a request, with the case behind it if there is one, and plan it.</summary>
public sealed record Submit(Submitted Request, Plan Plan, CaseRecorded? Case = null) : JobCommand;

/// <summary>The client gives the case a later deadline.</summary>
public sealed record ExtendDeadline(DateOnly DueOn, string Reason, string Client) : JobCommand;

/// <summary>The list is resolved: <paramref name="Conversations"/> ordinals under <paramref name="ManifestRoot"/>.</summary>
public sealed record Start(int Attempt, long Conversations, byte[] ManifestRoot, DateTimeOffset? From, DateTimeOffset? RetainedFrom)
    : JobCommand;

/// <summary>
/// The outcomes of a batch, in ascending ordinals, and the plan of a retry. The plan counts if this batch is the attempt's last and
/// something failed. It is null, and there is no retry, if the window never opens again.
/// </summary>
public sealed record RecordOutcomes(int Attempt, IReadOnlyList<Outcome> Outcomes, Plan? Retry) : JobCommand;

/// <summary>The attempt as a whole failed.</summary>
public sealed record FailAttempt(int Attempt, FailureReason Reason, Plan? Retry) : JobCommand;

/// <summary>
/// The opening of the plan <paramref name="Ended"/> is over before the job is. The job goes on by <paramref name="Plan"/>, which is later.
/// </summary>
public sealed record Replan(Plan Ended, Plan Plan) : JobCommand;

/// <summary>
/// The bot has another window than the job is planned into, or that window is defined anew. The job goes on by <paramref name="Plan"/>.
/// </summary>
/// <param name="Plan">The plan in the window as it is now. It may be earlier than the job's.</param>
/// <param name="Now">The current instant by the database's clock.</param>
/// <param name="IsOpen">True if the window that the job is planned into is open now, as it is defined today.</param>
public sealed record FollowWindow(Plan Plan, DateTimeOffset Now, bool IsOpen) : JobCommand;

/// <summary>
/// End the job where it stands: nothing more is deleted. A retry that has begun must be settled first, by outcomes that are skipped as
/// <see cref="SkipReason.Cancelled"/>. The last of them ends the job.
/// </summary>
public sealed record Cancel : JobCommand;

/// <summary>The outcome of one conversation.</summary>
public abstract record Outcome(long Ordinal, byte[] Commitment)
{
    public sealed record Deleted(long Ordinal, byte[] Commitment, ItemCounts Items) : Outcome(Ordinal, Commitment);

    public sealed record Skipped(long Ordinal, byte[] Commitment, SkipReason Reason) : Outcome(Ordinal, Commitment);

    public sealed record Failed(long Ordinal, byte[] Commitment, FailureReason Reason) : Outcome(Ordinal, Commitment);
}
