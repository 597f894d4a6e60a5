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
        IncludeType<DeletionsPaused>();
        IncludeType<DeletionsResumed>();
        IncludeType<ClientGranted>();
        IncludeType<GrantRevoked>();
        IncludeType<JobKeyDestroyed>();
        IncludeType<JobCancelled>();
        IncludeType<IdentifiersDisclosed>();
        IncludeType<ErasedConversationsImported>();
        IncludeType<BotLimitsSet>();
    }

    /// <summary>The pause of all bots is of the same type, and of no bot's stream.</summary>
    public override Bot? Evolve(Bot? snapshot, Guid id, IEvent e) =>
        e.Data is DeletionsPaused { Bot: null } or DeletionsResumed { Bot: null }
            ? snapshot
            : BotFold.Apply(snapshot, (RegistryEvent)e.Data);
}
