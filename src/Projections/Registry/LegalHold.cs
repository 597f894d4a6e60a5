using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;

namespace Ledger.Projections.Registry;

/// <summary>
/// A legal hold as it is now: <c>mt_doc_legalhold</c>. Its identifiers are kept sealed elsewhere, as long as it is live.
/// </summary>
public sealed record LegalHold
{
    /// <summary>The word for a hold that has not ended.</summary>
    public const string Live = "live";

    public required HoldId HoldId { get; init; }

    public required string Bot { get; init; }

    /// <summary>The kind of what is held.</summary>
    public required RequestType RequestType { get; init; }

    /// <summary>Number of held identifiers: of conversations, or the one of a channel user.</summary>
    public required int Identifiers { get; init; }

    public required string? Reason { get; init; }

    /// <summary>The client or the person that placed it.</summary>
    public required string PlacedBy { get; init; }

    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>The instant at which it ends by itself. Null if somebody has to lift it.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>How it ended. Null while it is live.</summary>
    public HoldEnd? Ended { get; init; }

    public string? EndedBy { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? EndReason { get; init; }

    /// <summary>The clients that were given its identifiers.</summary>
    public IReadOnlyList<string> DisclosedTo { get; init; } = [];

    /// <summary>Of the document and of its stream.</summary>
    [JsonIgnore]
    public Guid Id { get => HoldId.Value; init { } }

    [JsonIgnore]
    public bool IsLive => Ended is null;

    /// <summary><c>live</c>, <c>lifted</c> or <c>expired</c>.</summary>
    [JsonIgnore]
    public string StatusName => Ended?.ToString().ToLowerInvariant() ?? Live;
}
