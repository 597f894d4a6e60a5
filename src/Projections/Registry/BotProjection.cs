using JasperFx.Events;
using Ledger.Contracts.Registry;
using Marten.Events.Aggregation;

namespace Ledger.Projections.Registry;

/// <summary>Writes <see cref="Bot"/> in the transaction of the events that it follows from.</summary>
public sealed class BotProjection : SingleStreamProjection<Bot, Guid>
{
    public BotProjection()
    {
        Name = "bot";
        IncludeType<BotRegistered>();
        IncludeType<BotChanged>();
        IncludeType<WebhookDisabled>();
        IncludeType<ClientGranted>();
        IncludeType<GrantRevoked>();
        IncludeType<JobKeyDestroyed>();
        IncludeType<IdentifiersDisclosed>();
        IncludeType<ErasedConversationsImported>();
        IncludeType<BotLimitsSet>();
    }

    public override Bot Evolve(Bot? snapshot, Guid id, IEvent e) => BotFold.Apply(snapshot, (RegistryEvent)e.Data);
}
