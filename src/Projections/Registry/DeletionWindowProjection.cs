using JasperFx.Events;
using Ledger.Contracts.Registry;
using Marten.Events.Aggregation;

namespace Ledger.Projections.Registry;

/// <summary>Writes <see cref="DeletionWindow"/> in the transaction of the events that it follows from.</summary>
public sealed class DeletionWindowProjection : SingleStreamProjection<DeletionWindow, Guid>
{
    public DeletionWindowProjection()
    {
        Name = "deletion_window";
        IncludeType<WindowDefined>();
    }

    public override DeletionWindow Evolve(DeletionWindow? snapshot, Guid id, IEvent e) =>
        DeletionWindowFold.Apply(snapshot, (RegistryEvent)e.Data);
}
