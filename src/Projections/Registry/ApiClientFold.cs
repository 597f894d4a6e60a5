using Ledger.Contracts.Registry;

namespace Ledger.Projections.Registry;

/// <summary>An API client as a function of its events, and of nothing else.</summary>
public static class ApiClientFold
{
    /// <summary>The client after one more event.</summary>
    /// <param name="client">Null before its first event.</param>
    /// <exception cref="InvalidOperationException">The event cannot come here.</exception>
    public static ApiClient Apply(ApiClient? client, RegistryEvent @event) => (client, @event) switch
    {
        (null, ClientRegistered e) => new ApiClient(e.Client, e.Algorithm, e.PublicKey, e.RequireExpiry, [], Revoked: false),
        (not null, ClientSecretIssued e) => client with { LiveSecrets = [.. client.LiveSecrets, e.SecretId] },
        (not null, ClientSecretRetired e) => client with { LiveSecrets = [.. client.LiveSecrets.Where(id => id != e.SecretId)] },
        (not null, ClientRevoked) => client with { Revoked = true, LiveSecrets = [], AuditsLedger = false },
        (not null, LedgerAuditGranted) => client with { AuditsLedger = true },
        (not null, LedgerAuditRevoked) => client with { AuditsLedger = false },
        _ => throw Misplaced.In("client", @event),
    };
}
