using JasperFx.Events;
using Ledger.Contracts.Registry;
using Marten.Events.Aggregation;

namespace Ledger.Projections.Registry;

/// <summary>Writes <see cref="ApiClient"/> in the transaction of the events that it follows from.</summary>
public sealed class ApiClientProjection : SingleStreamProjection<ApiClient, Guid>
{
    public ApiClientProjection()
    {
        Name = "api_client";
        IncludeType<ClientRegistered>();
        IncludeType<ClientSecretIssued>();
        IncludeType<ClientSecretRetired>();
        IncludeType<ClientRevoked>();
        IncludeType<LedgerAuditGranted>();
        IncludeType<LedgerAuditRevoked>();
    }

    public override ApiClient Evolve(ApiClient? snapshot, Guid id, IEvent e) => ApiClientFold.Apply(snapshot, (RegistryEvent)e.Data);
}
