using Ledger.Contracts.Registry;

namespace Ledger.Projections.Registry;

/// <summary>A legal hold as a function of its events, and of nothing else.</summary>
public static class LegalHoldFold
{
    /// <summary>The hold after one more event.</summary>
    /// <param name="hold">Null before its first event.</param>
    /// <param name="at">The instant at which the event was recorded.</param>
    /// <exception cref="InvalidOperationException">The event cannot come here.</exception>
    public static LegalHold Apply(LegalHold? hold, RegistryEvent @event, DateTimeOffset at) => (hold, @event) switch
    {
        (null, LegalHoldPlaced e) when HoldId.TryParse(e.Hold, out var id) => new LegalHold
        {
            HoldId = id,
            Bot = e.Bot,
            RequestType = e.RequestType,
            Identifiers = e.Commitments.Count,
            Reason = e.Reason,
            PlacedBy = e.Actor,
            PlacedAt = at,
            Until = e.Until,
        },
        ({ IsLive: true }, LegalHoldDisclosed e) => hold with { DisclosedTo = [.. hold.DisclosedTo, e.Client] },
        ({ IsLive: true }, LegalHoldEnded e) => hold with { Ended = e.How, EndedBy = e.Actor, EndedAt = at, EndReason = e.Reason },
        _ => throw Misplaced.In("legal hold", @event),
    };
}
