using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
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
    [Description("The same for ever: send it as `fetchAfter`.")]
    [RegularExpression("^btl-[0-9a-f-]{36}$")]
    public required string Id { get; init; }

    public required ChangeLogUser UserId { get; init; }

    [Description("The bot: App or Stream ID.")]
    public required string StreamId { get; init; }

    [Description("The job, or the bot.")]
    public required string ResourceId { get; init; }

    [Description("The kind of what `resourceId` names.")]
    [AllowedValues(JobResource, BotResource)]
    public required string ResourceType { get; init; }

    [Description("What happened, in plain words; without identifiers of conversations or channel users.")]
    public required string Message { get; init; }

    [Description("When it was recorded.")]
    public required DateTimeOffset CreatedOn { get; init; }

    [JsonPropertyName("__v")]
    [Description("The version of the entry: 0, since no entry ever changes.")]
    public int V { get; init; }

    public required ChangeLogDetail Detail { get; init; }
}

/// <summary>The ledger knows the API client that asked for a job, and the actor of a change to a bot.</summary>
[Description("Who did it. What is not known is empty.")]
public sealed record ChangeLogUser([property: Description("The API client; of a bot's own entries whoever changed it.")] string Id)
{
    private const string Unknown = "Not known: empty.";

    [Description(Unknown)]
    public string FirstName { get; init; } = "";

    [Description(Unknown)]
    public string LastName { get; init; } = "";

    [Description(Unknown)]
    public string EmailId { get; init; } = "";

    [Description(Unknown)]
    public string ActivationStatus { get; init; } = "";

    [Description(Unknown)]
    public string ProfColour { get; init; } = "";

    [Description(Unknown)]
    public string ProfImage { get; init; } = "";

    [JsonPropertyName("_id")]
    [Description(Unknown)]
    public string UnderscoreId { get; init; } = "";

    [Description(Unknown)]
    public string OrgId { get; init; } = "";
}

/// <summary>Members that do not apply are omitted. A job's entries have those that <see cref="JobChangeFold"/> needs.</summary>
[Description("For programs: what its type has. With a job's entries its status document can be recomputed.")]
public sealed record ChangeLogDetail(
    [property: Description("The event's type; `outcomes` for those of one batch.")] string Type,
    [property: Description("The version of the first event in the resource's stream.")] long FirstVersion,
    [property: Description("The version of the last event, inclusive.")] long LastVersion,
    [property: Description("Where its events are in the transparency log.")] LeafRange Leaves)
{
    public const string Outcomes = "outcomes";

    [Description("Of `submitted`.")]
    public RequestType? RequestType { get; init; }

    [Description("Of `case_recorded`: the ground of the request.")]
    public CaseBasis? Basis { get; init; }

    [Description("Of `case_recorded`: the day on which the client received the request.")]
    public DateOnly? ReceivedOn { get; init; }

    [Description("Of `case_recorded` and `deadline_extended`: the last day on which the deletion is in time.")]
    public DateOnly? DueOn { get; init; }

    [Description("Of `scheduled`: when the job is due.")]
    public DateTimeOffset? PlannedAt { get; init; }

    [Description("Of `scheduled`: the opening that the job was planned into.")]
    public PlannedWindow? Window { get; init; }

    [Description("Of `scheduled`.")]
    public ScheduleReason? Reason { get; init; }

    [Description("Of `failed`: of a whole attempt.")]
    public FailureReason? Failure { get; init; }

    [Description("Of `failed`: attempts that are left after this one.")]
    public int? RetriesRemaining { get; init; }

    [Description("Of `scheduled`, `started` and `failed`: the attempt, from 1.")]
    public int? Attempt { get; init; }

    [Description("Conversations. Identified: of `started` and `completed`. Taken again: of `erased_conversations_imported`.")]
    public long? Conversations { get; init; }

    [Description("Of `completed`.")]
    public JobOutcome? Outcome { get; init; }

    /// <summary>Once every conversation of the job has an outcome, each further one replaces a failure.</summary>
    [Description("Conversations. Of `outcomes`: of this entry. Of `completed`: of the whole job. So are the next three.")]
    public long? Deleted { get; init; }

    [Description("Conversations that could not be deleted.")]
    public long? Failed { get; init; }

    [Description("Skipped conversations by reason; only reasons that occurred.")]
    public IReadOnlyDictionary<SkipReason, long>? Skipped { get; init; }
    public ItemCounts? Items { get; init; }

    [Description("Of `client_granted`, `grant_revoked` and `identifiers_disclosed`.")]
    public string? Client { get; init; }

    [Description("Of `client_granted`: what the client may do.")]
    public IReadOnlyList<Scope>? Scopes { get; init; }

    [Description("Of `job_key_destroyed`, `job_cancelled` and `identifiers_disclosed`.")]
    public string? Job { get; init; }

    [Description("Of `identifiers_disclosed`: in which form.")]
    public string? What { get; init; }

    [Description("Of `bot_registered` and `bot_changed`.")]
    public BotSettings? Settings { get; init; }
}

/// <summary>Leaves of the transparency log: half-open, <c>[First, End)</c>.</summary>
public sealed record LeafRange(
    [property: Description("The index of the first leaf.")] long First,
    [property: Description("The index behind the last leaf.")] long End);

/// <summary>A bot's settings. The owner's mail is not among them: the change log has other readers.</summary>
public sealed record BotSettings(
    [property: Description("The window that its jobs run in.")] string Window,
    [property: Description("Days after which its conversations are out of retention; absent: kept for ever.")] int? RetentionDays,
    [property: Description("Days after which a job that has ended is forgotten; absent: never.")] int? KeyRetentionDays);

/// <summary>Number of a batch's conversations by outcome, and the items that were removed with them.</summary>
public sealed record BatchOutcomes(long Deleted, long Failed, IReadOnlyDictionary<SkipReason, long> Skipped, ItemCounts Items)
{
    /// <summary>Conversations.</summary>
    public long Count() => Deleted + Failed + Skipped.Values.Sum();
}
