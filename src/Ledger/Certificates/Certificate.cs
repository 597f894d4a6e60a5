using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Certificates;

/// <summary>
/// A certificate of erasure: what the events of a job that has ended say, and where they are logged. Its JSON is
/// <c>erasure-certificate/v1</c> (docs/formats.md); page and PDF are made from it and say nothing else. It holds no identifier of a
/// conversation or a channel user.
/// </summary>
public sealed record Certificate(
    JobId Job,
    [property: Description("What became of it.")] Conclusion Conclusion,
    [property: Description("The same in a sentence. It never says more of the erasure than the events do.")] string Headline,
    JobOutcome Outcome,
    [property: Description("When this certificate was made.")] DateTimeOffset IssuedAt,
    CertifiedRequest Request,
    CertifiedInstants Instants,
    [property: Description("Attempts: the first and its retries.")] int Attempts,
    CertifiedConversations Conversations,
    ItemCounts Items,
    [property: Description("Conversations that were not erased on purpose, by reason; only reasons that occurred.")]
    IReadOnlyDictionary<SkipReason, long> Skipped,
    [property: Description("Conversations that could not be erased, by the reason of the last attempt; only reasons that occurred.")]
    IReadOnlyDictionary<FailureReason, long> Failed,
    [property: Description("Attempts that failed as a whole, by reason; only reasons that occurred.")]
    IReadOnlyDictionary<FailureReason, long> FailedAttempts,
    [property: Description("Openings of windows in which something was recorded, in order.")] IReadOnlyList<CertifiedWindow> Windows,
    CertifiedMethod Method,
    CertifiedLog Log,
    Sanitization Sanitization,
    [property: Description("What neither this nor the proof shows, a sentence each.")] IReadOnlyList<string> NotProven,
    Verifying Verify)
{
    private const string Version = "erasure-certificate/v1";

    [JsonPropertyOrder(-1)]
    [Description("The format's name.")]
    [AllowedValues(Version)]
    public string Format { get; } = Version;

    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CertifiedCase? Case { get; init; }
}

[Description("The request behind the job, as the client told it. Only a job with a case has it. It never shows the client's reference.")]
public sealed record CertifiedCase(
    CaseBasis? Basis,
    [property: Description("The day on which the client received the request; null: not told.")] DateOnly? ReceivedOn,
    [property: Description("The deadline that was recorded with the job; null: none.")] DateOnly? FirstDueOn,
    [property: Description("The deadline after all extensions; null: none.")] DateOnly? DueOn,
    [property: Description("True if the client told a reference of its own.")] bool HasReference,
    [property: Description("Later deadlines, in order; at most 100.")] IReadOnlyList<CertifiedExtension> Extensions);

[Description("A later deadline.")]
public sealed record CertifiedExtension(
    [property: Description("When it was recorded.")] DateTimeOffset At,
    [property: Description("The later deadline.")] DateOnly DueOn,
    [property: Description("The client's words for the reason.")] string Reason,
    [property: Description("The API client that extended it.")] string Client);

[Description("Who asked for what.")]
public sealed record CertifiedRequest(
    [property: Description("The API client that asked.")] string Client,
    [property: Description("The bot whose conversations they are.")] string Bot,
    RequestType RequestType,
    [property: Description("How many different conversation ids were asked for; null for a request by channel user.")] int? ConversationIds,
    [property: Description("Conversations that started from here on, inclusive: as asked for, or as resolved at the start.")]
    DateTimeOffset? From,
    [property: Description("Conversations that started up to here, inclusive.")] DateTimeOffset? To,
    [property: Description("Conversations that started earlier were out of retention.")] DateTimeOffset? RetainedFrom);

[Description("When, by the operator's clock.")]
public sealed record CertifiedInstants(
    [property: Description("When the job was recorded.")] DateTimeOffset SubmittedAt,
    [property: Description("When the list was fixed; null: it never was.")] DateTimeOffset? StartedAt,
    [property: Description("When the first conversation was erased; null: none was.")] DateTimeOffset? FirstErasedAt,
    [property: Description("When the last conversation was erased; null: none was.")] DateTimeOffset? LastErasedAt,
    [property: Description("When the job ended.")] DateTimeOffset EndedAt);

[Description("Conversations on the job's list.")]
public sealed record CertifiedConversations(
    [property: Description("Conversations on the list.")] long Identified,
    [property: Description("Conversations that were erased.")] long Erased,
    [property: Description("Conversations that were not erased, on purpose.")] long Skipped,
    [property: Description("Conversations that could not be erased.")] long Failed,
    [property: Description("Conversations that were not reached before the job was cancelled.")] long Untouched);

[Description("An opening of a window, half-open, and what was recorded in it.")]
public sealed record CertifiedWindow(
    [property: Description("The window's name.")] string Name,
    [property: Description("The cron expression of its openings, with seconds first.")] string Cron,
    [property: Description("The IANA zone that the expression is read in.")] string TimeZone,
    [property: Description("Inclusive.")] DateTimeOffset Opens,
    [property: Description("Exclusive.")] DateTimeOffset Closes,
    [property: Description("The attempt, from 1.")] int Attempt,
    ScheduleReason Planned,
    [property: Description("When the job was due.")] DateTimeOffset PlannedAt,
    [property: Description("Conversations that were erased in it.")] long Erased,
    [property: Description("Conversations that were skipped in it.")] long Skipped,
    [property: Description("Conversations that failed in it; a retry may have erased them later.")] long Failed,
    [property: Description("The first outcome of a conversation in it; null: there is none.")] DateTimeOffset? FirstAt,
    [property: Description("The last outcome of a conversation in it; null: there is none.")] DateTimeOffset? LastAt);

[Description("How it was erased, and how that was confirmed.")]
public sealed record CertifiedMethod(
    [property: Description("How it was erased.")] string Erasure,
    [property: Description("How that was confirmed.")] string Verification);

[Description("Where all of it is recorded.")]
public sealed record CertifiedLog(
    [property: Description("The log's name.")] string Origin,
    [property: Description("The key that signed the checkpoint, as a vkey.")] string Key,
    CertifiedLeaves Leaves,
    [property: Description("Leaves that the checkpoint covers.")] long Size,
    [property: Description("The root of the tree of so many leaves: 32 bytes in base64.")] byte[] Root,
    [property: Description("When the checkpoint was signed, by the operator's clock.")] DateTimeOffset SignedAt,
    [property: Description("The signed note, verbatim.")] string Checkpoint,
    [property: Description("Those whose cosignatures the note carries.")] IReadOnlyList<Cosigned> Witnesses);

[Description("The job's leaves.")]
public sealed record CertifiedLeaves(
    [property: Description("The index of its first leaf.")] long First,
    [property: Description("The index behind its last leaf.")] long End,
    [property: Description("Events: all of the job.")] long Events,
    [property: Description("Runs of adjacent leaves. Between them are leaves of others.")] long Runs,
    [property: Description("The first runs, half-open; at most 12.")] IReadOnlyList<CertifiedRange> Ranges)
{
    public const int MaxRanges = 12;
}

[Description("Leaves, half-open.")]
public sealed record CertifiedRange(
    [property: Description("The index of the first leaf.")] long First,
    [property: Description("The index behind the last leaf.")] long End);

[Description("A cosignature as the note carries it. It was not checked here: check it with the witness's own key.")]
public sealed record Cosigned(
    [property: Description("The witness's name.")] string Name,
    [property: Description("Eight hex digits.")] string KeyId,
    [property: Description("By the witness's clock; null: the signature says no time.")] DateTimeOffset? At);

[Description("The fields of NIST SP 800-88's sample certificate, in its order.")]
public sealed record Sanitization(
    [property: Description("The standard, with the place in it.")] string Standard,
    [property: Description("The fields.")] IReadOnlyList<SanitizationField> Fields);

public sealed record SanitizationField(
    [property: Description("The sample's section.")] string Section,
    [property: Description("The field's name.")] string Field,
    [property: Description("Null: the ledger does not know; to be filled in by hand.")] string? Value);

[Description("How to check it without trusting whoever issued it.")]
public sealed record Verifying(
    [property: Description("Where the job's erasure proof is.")] string Proof,
    [property: Description("Where a browser checks it.")] string Page,
    [property: Description("What checks it offline.")] string Command);
