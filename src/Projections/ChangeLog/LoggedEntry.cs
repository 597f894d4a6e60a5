using System.Text.Json;
using Ledger.Contracts;

namespace Ledger.Projections.ChangeLog;

/// <summary>An entry of a bot's change log as it is stored: which events it is, and where in the log they are.</summary>
/// <param name="Bot">The bot.</param>
/// <param name="Stream">The job's stream, or the bot's own.</param>
/// <param name="FirstVersion">Of the stream.</param>
/// <param name="LastVersion">Inclusive.</param>
/// <param name="FirstLeaf">The leaf of the first event.</param>
/// <param name="Position">The leaf of the last event. A later entry has a later position, which makes a cursor exact.</param>
/// <param name="CreatedAt">The instant of its events.</param>
/// <param name="Outcomes">Of a batch, <see cref="BatchOutcomes"/> as JSON; null: the entry is one event.</param>
public sealed record LoggedEntry(
    string Bot, Guid Stream, long FirstVersion, long LastVersion, long FirstLeaf, long Position, DateTimeOffset CreatedAt, string? Outcomes)
{
    /// <summary>
    /// The entry's id: the UUID of version 5 (RFC 9562 §5.5) whose namespace is the stream's id, and whose name is the first version in
    /// decimal digits. Who has the leaves has it too.
    /// </summary>
    public Guid Id { get; init; } = NamedUuid.Create(Stream, FormattableString.Invariant($"{FirstVersion}"));

    /// <summary>True if both say the same. The order of members in <see cref="Outcomes"/> does not matter.</summary>
    public bool Equals(LoggedEntry? other) =>
        other is not null
        && (Bot, Stream, FirstVersion, LastVersion, FirstLeaf, Position, CreatedAt, Id)
            == (other.Bot, other.Stream, other.FirstVersion, other.LastVersion, other.FirstLeaf, other.Position, other.CreatedAt, other.Id)
        && AreSame(Outcomes, other.Outcomes);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Stream, FirstVersion);

    private static bool AreSame(string? one, string? other) => one is null || other is null
        ? one is null && other is null
        : string.Equals(one, other, StringComparison.Ordinal)
            || JsonElement.DeepEquals(JsonElement.Parse(one), JsonElement.Parse(other));
}
