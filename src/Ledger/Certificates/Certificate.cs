using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Certificates;

/// <summary>
/// A certificate of erasure: what the events of a job that has ended say, and where they are logged. Its JSON is
/// <c>erasure-certificate/v1</c> (docs/formats.md); page and PDF are made from it and say nothing else. It holds no identifier of a
/// conversation or a channel user.
/// </summary>
/// <param name="Job">The job's id.</param>
/// <param name="Conclusion">What became of it.</param>
/// <param name="Headline">The same in a sentence: of the erasure it never says more than the events.</param>
/// <param name="Outcome">How the job ended.</param>
/// <param name="IssuedAt">When this certificate was made.</param>
/// <param name="Attempts">The first and its retries.</param>
/// <param name="Items">Erased, by kind.</param>
/// <param name="Skipped">Conversations that were not erased on purpose, by reason; only reasons that occurred.</param>
/// <param name="Failed">Conversations that could not be erased, by the reason of the last attempt.</param>
/// <param name="FailedAttempts">Attempts that failed as a whole, by reason.</param>
/// <param name="Windows">Openings of windows in which something was recorded, in order.</param>
/// <param name="NotProven">What neither this nor the proof shows, a sentence each.</param>
public sealed record Certificate(
    string Job, Conclusion Conclusion, string Headline, JobOutcome Outcome, DateTimeOffset IssuedAt, CertifiedRequest Request,
    CertifiedInstants Instants, int Attempts, CertifiedConversations Conversations, ItemCounts Items,
    IReadOnlyDictionary<SkipReason, long> Skipped, IReadOnlyDictionary<FailureReason, long> Failed,
    IReadOnlyDictionary<FailureReason, long> FailedAttempts, IReadOnlyList<CertifiedWindow> Windows, CertifiedMethod Method,
    CertifiedLog Log, Sanitization Sanitization, IReadOnlyList<string> NotProven, Verifying Verify)
{
    /// <summary>The format's name.</summary>
    [JsonPropertyOrder(-1)]
    public string Format { get; } = "erasure-certificate/v1";
}

/// <summary>Who asked for what.</summary>
/// <param name="Client">The API client that asked.</param>
/// <param name="Bot">The bot whose conversations they are.</param>
/// <param name="ConversationIds">How many different ids were asked for; null for a request by channel user.</param>
/// <param name="From">Conversations that started from here on: as asked for, or as resolved at the start.</param>
/// <param name="To">Up to here, inclusive.</param>
/// <param name="RetainedFrom">Conversations that started earlier were out of retention.</param>
public sealed record CertifiedRequest(
    string Client, string Bot, RequestType RequestType, int? ConversationIds, DateTimeOffset? From, DateTimeOffset? To,
    DateTimeOffset? RetainedFrom);

/// <summary>When, by the operator's clock.</summary>
/// <param name="StartedAt">When the list was fixed; null: it never was.</param>
public sealed record CertifiedInstants(
    DateTimeOffset SubmittedAt, DateTimeOffset? StartedAt, DateTimeOffset? FirstErasedAt, DateTimeOffset? LastErasedAt,
    DateTimeOffset EndedAt);

/// <summary>Conversations on the job's list.</summary>
/// <param name="Untouched">Not reached before the job was cancelled.</param>
public sealed record CertifiedConversations(long Identified, long Erased, long Skipped, long Failed, long Untouched);

/// <summary>An opening of a window, half-open, and what was recorded in it.</summary>
/// <param name="Planned">Why the job was planned into it.</param>
/// <param name="Failed">Conversations that failed then; a retry may have erased them later.</param>
/// <param name="FirstAt">The first outcome in it; null: no conversation's.</param>
public sealed record CertifiedWindow(
    string Name, string Cron, string TimeZone, DateTimeOffset Opens, DateTimeOffset Closes, int Attempt, ScheduleReason Planned,
    DateTimeOffset PlannedAt, long Erased, long Skipped, long Failed, DateTimeOffset? FirstAt, DateTimeOffset? LastAt);

/// <summary>How it was erased, and how that was confirmed.</summary>
public sealed record CertifiedMethod(string Erasure, string Verification);

/// <summary>Where all of it is recorded.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Key">The key that signed the checkpoint, as a vkey.</param>
/// <param name="Size">Leaves that the checkpoint covers.</param>
/// <param name="Root">Of the tree of so many leaves (32 bytes).</param>
/// <param name="SignedAt">When the checkpoint was signed, by the operator's clock.</param>
/// <param name="Checkpoint">The signed note, verbatim.</param>
/// <param name="Witnesses">Whose cosignatures the note carries.</param>
public sealed record CertifiedLog(
    string Origin, string Key, CertifiedLeaves Leaves, long Size, byte[] Root, DateTimeOffset SignedAt, string Checkpoint,
    IReadOnlyList<Cosigned> Witnesses);

/// <summary>The job's leaves.</summary>
/// <param name="First">Index of its first event.</param>
/// <param name="End">The index behind its last.</param>
/// <param name="Events">How many there are: all of the job.</param>
/// <param name="Runs">In so many runs of adjacent leaves; between them are leaves of others.</param>
/// <param name="Ranges">The first runs, half-open; at most <see cref="MaxRanges"/>.</param>
public sealed record CertifiedLeaves(long First, long End, long Events, long Runs, IReadOnlyList<CertifiedRange> Ranges)
{
    public const int MaxRanges = 12;
}

/// <summary>Leaves, half-open.</summary>
public sealed record CertifiedRange(long First, long End);

/// <summary>
/// A cosignature as the note carries it. It was not checked here: whoever relies on it checks it with the witness's own key.
/// </summary>
/// <param name="KeyId">Eight hex digits.</param>
/// <param name="At">By the witness's clock; null: the signature says no time.</param>
public sealed record Cosigned(string Name, string KeyId, DateTimeOffset? At);

/// <summary>The fields of NIST SP 800-88's sample certificate, in its order.</summary>
public sealed record Sanitization(string Standard, IReadOnlyList<SanitizationField> Fields);

/// <param name="Value">Null: the ledger does not know; to be filled in by hand.</param>
public sealed record SanitizationField(string Section, string Field, string? Value);

/// <summary>How to check it without trusting whoever issued it.</summary>
/// <param name="Proof">Where the job's erasure proof is.</param>
/// <param name="Page">Where a browser checks it.</param>
/// <param name="Command">What checks it offline.</param>
public sealed record Verifying(string Proof, string Page, string Command);
