using JasperFx.Events;
using Ledger.Contracts.Registry;
using Marten.Events.Aggregation;

namespace Ledger.Projections.Registry;

/// <summary>Writes <see cref="LegalHold"/> in the transaction of the events that it follows from.</summary>
public sealed class LegalHoldProjection : SingleStreamProjection<LegalHold, Guid>
{
    public LegalHoldProjection()
    {
        Name = "legal_hold";
        IncludeType<LegalHoldPlaced>();
        IncludeType<LegalHoldDisclosed>();
        IncludeType<LegalHoldEnded>();
    }

    public override LegalHold Evolve(LegalHold? snapshot, Guid id, IEvent e) =>
        LegalHoldFold.Apply(snapshot, (RegistryEvent)e.Data, e.Timestamp);
}
