using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;

namespace Ledger.Projections.ChangeLog;

/// <summary>One entry of a bot's change log, as contract §3 shows it: one recorded event, or the outcomes of one batch.</summary>
public sealed record ChangeLogEntry
{
    public const string JobResource = "conversationDeletionJob";
    public const string BotResource = "bot";

    /// <summary><c>btl-</c> and the named UUID of stream and first version (<see cref="LoggedEntry.Id"/>): leaves alone give it.</summary>
    [JsonPropertyName("_id")]
    public required string Id { get; init; }

    public required ChangeLogUser UserId { get; init; }

    /// <summary>The bot: App or Stream ID.</summary>
    public required string StreamId { get; init; }

    /// <summary>The job's id, or the bot's.</summary>
    public required string ResourceId { get; init; }

    /// <summary><see cref="JobResource"/> or <see cref="BotResource"/>.</summary>
    public required string ResourceType { get; init; }

    /// <summary>What happened, in plain words.</summary>
    public required string Message { get; init; }

    /// <summary>When it was recorded.</summary>
    public required DateTimeOffset CreatedOn { get; init; }

    [JsonPropertyName("__v")]
    public int V { get; init; }

    public required ChangeLogDetail Detail { get; init; }
}

/// <summary>
/// Who did it. The ledger knows the API client that asked for a job, and the actor of a change to a bot; what it does not know is empty.
/// </summary>
public sealed record ChangeLogUser(string Id)
{
    public string FirstName { get; init; } = "";
    public string LastName { get; init; } = "";
    public string EmailId { get; init; } = "";
    public string ActivationStatus { get; init; } = "";
    public string ProfColour { get; init; } = "";
    public string ProfImage { get; init; } = "";

    [JsonPropertyName("_id")]
    public string UnderscoreId { get; init; } = "";

    public string OrgId { get; init; } = "";
}

/// <summary>
/// What an entry says, for programs. Members that its type has not are absent; those of a job's entries are what
/// <see cref="JobChangeFold"/> needs.
/// </summary>
/// <param name="Type">The event's type; <see cref="Outcomes"/> for a batch's outcomes, however many.</param>
/// <param name="FirstVersion">Of the resource's event stream.</param>
/// <param name="LastVersion">Inclusive.</param>
/// <param name="Leaves">Where its events are in the transparency log.</param>
public sealed record ChangeLogDetail(string Type, long FirstVersion, long LastVersion, LeafRange Leaves)
{
    public const string Outcomes = "outcomes";

    /// <summary>Of <c>submitted</c>.</summary>
    public RequestType? RequestType { get; init; }

    /// <summary>Of <c>scheduled</c>, as are <see cref="Window"/> and <see cref="Reason"/>.</summary>
    public DateTimeOffset? PlannedAt { get; init; }
    public PlannedWindow? Window { get; init; }
    public ScheduleReason? Reason { get; init; }

    /// <summary>Of <c>failed</c>: a whole attempt.</summary>
    public FailureReason? Failure { get; init; }
    public int? RetriesRemaining { get; init; }

    /// <summary>Of <c>scheduled</c>, <c>started</c> and <c>failed</c>.</summary>
    public int? Attempt { get; init; }

    /// <summary>Identified: of <c>started</c> and <c>completed</c>. Taken again: of <c>erased_conversations_imported</c>.</summary>
    public long? Conversations { get; init; }

    /// <summary>Of <c>completed</c>.</summary>
    public JobOutcome? Outcome { get; init; }

    /// <summary>
    /// Of a batch's outcomes: conversations of this entry. Once every conversation of the job has an outcome, each further one replaces a
    /// failure. Of <c>completed</c>: of the whole job.
    /// </summary>
    public long? Deleted { get; init; }
    public long? Failed { get; init; }
    public IReadOnlyDictionary<SkipReason, long>? Skipped { get; init; }
    public ItemCounts? Items { get; init; }

    /// <summary>Of <c>client_granted</c>, <c>grant_revoked</c> and <c>identifiers_disclosed</c>.</summary>
    public string? Client { get; init; }
    public IReadOnlyList<Scope>? Scopes { get; init; }

    /// <summary>Of <c>job_key_destroyed</c> and <c>identifiers_disclosed</c>.</summary>
    public string? Job { get; init; }

    /// <summary>Of <c>identifiers_disclosed</c>: in which form.</summary>
    public string? What { get; init; }

    /// <summary>Of <c>bot_registered</c> and <c>bot_changed</c>.</summary>
    public BotSettings? Settings { get; init; }
}

/// <summary>Leaves of the transparency log: half-open, <c>[First, End)</c>.</summary>
public sealed record LeafRange(long First, long End);

/// <summary>A bot's settings. The owner's mail is not among them: the change log has other readers.</summary>
public sealed record BotSettings(string Window, int? RetentionDays, int? KeyRetentionDays);

/// <summary>How many conversations of a batch had which outcome, and what was removed with them.</summary>
public sealed record BatchOutcomes(long Deleted, long Failed, IReadOnlyDictionary<SkipReason, long> Skipped, ItemCounts Items)
{
    /// <summary>Conversations.</summary>
    public long Count() => Deleted + Failed + Skipped.Values.Sum();
}
