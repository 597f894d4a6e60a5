using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Holds;
using Ledger.Projections.Registry;

namespace Ledger.Api.LegalHolds;

/// <summary>A legal hold without its identifiers, as lists have it.</summary>
internal record HoldSummary
{
    public required HoldId HoldId { get; init; }

    [Description("`live` until it is lifted or has expired.")]
    [AllowedValues("live", "lifted", "expired")]
    public required string Status { get; init; }

    [Description("The kind of what is held: conversations by their ids, or all of a channel user.")]
    public required RequestType RequestType { get; init; }

    [Description("Number of held ids: of conversations, or the one of a channel user.")]
    public required long Identifiers { get; init; }

    [Description("Why it was placed.")]
    public required string Reason { get; init; }

    [Description("The client or the person that placed it.")]
    public required string PlacedBy { get; init; }

    [Description("When it was recorded. Nothing under the hold was deleted after this.")]
    public required DateTimeOffset PlacedAt { get; init; }

    [Description("When it ends by itself; null if somebody has to lift it.")]
    public required DateTimeOffset? Until { get; init; }

    [Description("When it ended; null while it is live.")]
    public required DateTimeOffset? EndedAt { get; init; }

    [Description("Who ended it; `ledger` for one that has expired, null while it is live.")]
    public required string? EndedBy { get; init; }

    [Description("Why it was lifted; null if nobody said so.")]
    public required string? EndReason { get; init; }

    [Description("Number of jobs that skipped conversations because of it.")]
    public required long SkippedJobs { get; init; }

    public static HoldSummary Of(LegalHold hold, long jobs) => new()
    {
        HoldId = hold.HoldId,
        Status = hold.StatusName,
        RequestType = hold.RequestType,
        Identifiers = hold.Identifiers,
        Reason = hold.Reason ?? "",
        PlacedBy = hold.PlacedBy,
        PlacedAt = hold.PlacedAt,
        Until = hold.Until,
        EndedAt = hold.EndedAt,
        EndedBy = hold.EndedBy,
        EndReason = hold.EndReason,
        SkippedJobs = jobs,
    };
}

/// <summary>A page of legal holds.</summary>
internal sealed record HoldPage(
    [property: Description("Newest first.")] IReadOnlyList<HoldSummary> Holds,
    [property: Description("Send it as `after` for the next page; null on the last.")] HoldId? Next);

/// <summary>A legal hold with all that the ledger still knows of it.</summary>
internal sealed record HoldDetail : HoldSummary
{
    [SetsRequiredMembers]
    public HoldDetail(LegalHold hold, IReadOnlyList<HeldJob> jobs, HeldIdentifiers? held, IReadOnlyList<EarlierDeletion> deleted)
        : base(Of(hold, jobs.Count)) =>
        (SkippedIn, ConversationIds, CId, AlreadyDeleted) = (jobs, held?.ConversationIds, held?.CId, deleted);

    [JsonPropertyOrder(1)]
    [Description("The jobs that skipped conversations because of it. Once it has ended, their erasure is owed again.")]
    public IReadOnlyList<HeldJob> SkippedIn { get; }

    [JsonPropertyOrder(1)]
    [Description("The held conversations; null for a channel user, and once the hold has ended.")]
    public IReadOnlyList<string>? ConversationIds { get; }

    [JsonPropertyOrder(1)]
    [Description("The held channel user; null for conversations, and once the hold has ended.")]
    public string? CId { get; }

    [JsonPropertyOrder(1)]
    [Description("What jobs had deleted before, as far as the ledger still knows; empty once the hold has ended.")]
    public IReadOnlyList<EarlierDeletion> AlreadyDeleted { get; }

    /// <summary>The type's name without its members.</summary>
    public override string ToString() => nameof(HoldDetail);
}
