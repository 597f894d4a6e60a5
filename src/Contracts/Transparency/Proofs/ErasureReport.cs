using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>The conclusion about the erasure from a proof that holds.</summary>
public enum Conclusion
{
    /// <summary>Everything that it is about was erased.</summary>
    [JsonStringEnumMemberName("erased")] Erased,

    /// <summary>The job ran to its end; some of its conversations were skipped.</summary>
    [JsonStringEnumMemberName("partlyErased")] PartlyErased,

    /// <summary>Nothing was erased.</summary>
    [JsonStringEnumMemberName("nothingErased")] NothingErased,

    /// <summary>The job failed or was cancelled: some, or all, of its conversations were not erased.</summary>
    [JsonStringEnumMemberName("notCompleted")] NotCompleted,
}

/// <summary>The report on a proof that holds: the facts that it proves and those that it does not.</summary>
/// <param name="Kind"><c>job</c> or <c>conversation</c>.</param>
/// <param name="Conclusion">The conclusion about the erasure. A proof that holds may prove that nothing was erased.</param>
/// <param name="Headline">The conclusion in a sentence.</param>
/// <param name="Job">The job's id.</param>
/// <param name="Log">The log that it is recorded in.</param>
/// <param name="Leaves">Its place in the log.</param>
public abstract record ErasureReport(string Kind, Conclusion Conclusion, string Headline, string Job, LogFacts Log, LeafRange Leaves)
{
    /// <summary>Other facts that it proves, one sentence each.</summary>
    public required IReadOnlyList<string> Proven { get; init; }

    /// <summary>Facts that it does not prove, one sentence each. Never empty.</summary>
    public required IReadOnlyList<string> NotProven { get; init; }
}

/// <summary>A whole job.</summary>
/// <param name="Bot">The bot.</param>
/// <param name="Client">The API client that asked.</param>
/// <param name="RequestType">The kind of request.</param>
/// <param name="CId">The channel user whose conversations were asked for; absent for ids, and where it is not disclosed.</param>
/// <param name="From">Conversations that started from here on: as asked for, or as resolved at the start.</param>
/// <param name="To">Up to here, inclusive.</param>
/// <param name="RetainedFrom">Conversations that started earlier were out of retention, and skipped.</param>
/// <param name="Outcome">The end of the job: completed, failed or cancelled.</param>
/// <param name="Attempts">The first and its retries.</param>
/// <param name="Conversations">Identified.</param>
/// <param name="Deleted">Deleted and confirmed absent.</param>
/// <param name="Failed">Not deleted in the end.</param>
/// <param name="Skipped">Not deleted on purpose, by reason.</param>
/// <param name="Untouched">Not reached before the job was cancelled.</param>
/// <param name="Items">The items that were removed.</param>
/// <param name="Openings">The windows' openings in which something was deleted; the first hundred.</param>
/// <param name="Disclosed">Conversation ids that the proof shows, each checked; 0: none.</param>
public sealed record JobReport(
    Conclusion Conclusion, string Headline, string Job, LogFacts Log, LeafRange Leaves, string Bot, string Client, RequestType RequestType,
    string? CId, DateTimeOffset? From, DateTimeOffset? To, DateTimeOffset? RetainedFrom, JobOutcome Outcome, int Attempts,
    long Conversations, long Deleted, long Failed, IReadOnlyDictionary<SkipReason, long> Skipped, long Untouched, ItemCounts Items,
    DateTimeOffset SubmittedAt, DateTimeOffset? StartedAt, DateTimeOffset? FirstDeletedAt, DateTimeOffset? LastDeletedAt,
    DateTimeOffset CompletedAt, IReadOnlyList<OpeningFact> Openings, long Disclosed,
    long Events) : ErasureReport("job", Conclusion, Headline, Job, Log, Leaves)
{
    /// <summary>The request behind the job, as the client told it. Absent if it told nothing.</summary>
    public CaseFact? Case { get; init; }
}

/// <summary>The request behind a job. Members that were not told are absent.</summary>
/// <param name="Basis">The ground of the request.</param>
/// <param name="ReceivedOn">The day of its receipt.</param>
/// <param name="FirstDueOn">The deadline that was recorded with the job.</param>
/// <param name="DueOn">The deadline after all extensions.</param>
/// <param name="ReferenceCommitment">The commitment to the client's own reference.</param>
/// <param name="Extensions">Later deadlines, in order; the first hundred.</param>
public sealed record CaseFact(
    CaseBasis? Basis, DateOnly? ReceivedOn, DateOnly? FirstDueOn, DateOnly? DueOn, byte[]? ReferenceCommitment,
    IReadOnlyList<ExtensionFact> Extensions);

/// <summary>A later deadline.</summary>
/// <param name="At">When it was recorded.</param>
/// <param name="DueOn">The later deadline.</param>
/// <param name="Reason">The client's words for the reason.</param>
/// <param name="Client">The API client that extended it.</param>
public sealed record ExtensionFact(DateTimeOffset At, DateOnly DueOn, string Reason, string Client);

/// <summary>One conversation.</summary>
/// <param name="ConversationId">Absent where it is not disclosed.</param>
/// <param name="Commitment">The commitment to its id, which stands for it in the log (32 bytes).</param>
/// <param name="Ordinal">Its place in the job's list.</param>
/// <param name="Outcome"><c>deleted</c>, <c>skipped</c> or <c>failed</c>.</param>
/// <param name="Reason">The reason for not deleting it.</param>
/// <param name="RecordedAt">The instant at which the operator says that it recorded it.</param>
/// <param name="Attempt">The attempt. Absent for a skipped conversation.</param>
/// <param name="Items">The items that were removed.</param>
public sealed record ConversationReport(
    Conclusion Conclusion, string Headline, string Job, LogFacts Log, LeafRange Leaves, string? ConversationId, byte[] Commitment,
    long Ordinal, string Outcome, string? Reason, DateTimeOffset RecordedAt, int? Attempt,
    ItemCounts? Items) : ErasureReport("conversation", Conclusion, Headline, Job, Log, Leaves);

/// <summary>The log, as its signed checkpoint says.</summary>
/// <param name="Origin">Its name.</param>
/// <param name="Size">Leaves.</param>
/// <param name="Root">32 bytes.</param>
/// <param name="SignedBy">The key's name and id.</param>
/// <param name="Witnesses">Those that were asked for; each cosigned.</param>
/// <param name="OtherSignatures">Number of signatures by keys that were not given. They are not checked.</param>
/// <param name="GrownFrom">Size of the checkpoint that it was compared with. Absent if there was none.</param>
public sealed record LogFacts(
    string Origin, long Size, byte[] Root, string SignedBy, IReadOnlyList<WitnessFact> Witnesses, int OtherSignatures, long? GrownFrom);

/// <summary>A witness that cosigned the checkpoint: it saw the log, consistent with all that it saw before.</summary>
/// <param name="At">By its own clock.</param>
public sealed record WitnessFact(string Name, DateTimeOffset At);

/// <summary>Leaves of the log: half-open, not all of them the job's.</summary>
public sealed record LeafRange(long First, long End, long Runs);

/// <summary>An opening of a window, as planned: half-open.</summary>
public sealed record OpeningFact(string Name, string Cron, string TimeZone, DateTimeOffset Opens, DateTimeOffset Closes);
