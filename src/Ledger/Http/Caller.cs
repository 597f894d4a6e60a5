using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Ledger.Registry;

namespace Ledger.Http;

/// <summary>Who is asking, for which bot, as the registry had it when the token was verified.</summary>
/// <param name="ClientId">The client that the token names.</param>
/// <param name="Bot">The bot of the path; the client has a grant for it.</param>
/// <param name="Registry">What both were read from.</param>
/// <param name="ArrivedAt">A <see cref="TimeProvider.GetTimestamp"/> of the request's arrival.</param>
internal sealed record Caller(string ClientId, Bot Bot, RegistrySnapshot Registry, long ArrivedAt)
{
    /// <summary>The caller of an endpoint that requires authorization.</summary>
    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("this endpoint does not require authorization");

    public bool MayDoOneOf(ReadOnlySpan<Scope> scopes)
    {
        foreach (var scope in Bot.Grants[ClientId])
        {
            if (scopes.Contains(scope))
                return true;
        }
        return false;
    }
}
