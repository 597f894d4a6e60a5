using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Ledger.Registry;

namespace Ledger.Web.Tokens;

/// <summary>The client that asks, and the bot it asks about, as the registry had them when the token was verified.</summary>
/// <param name="ClientId">The client that the token names.</param>
/// <param name="PathBot">The bot of the path, for which the client has a grant. Null if the path is about all bots.</param>
/// <param name="Registry">The snapshot that both were read from.</param>
/// <param name="ArrivedAt">A <see cref="TimeProvider.GetTimestamp"/> of the request's arrival.</param>
/// <param name="Credential">The credential that let the client in.</param>
internal sealed record Caller(string ClientId, Bot? PathBot, RegistrySnapshot Registry, long ArrivedAt, Credential Credential)
{
    /// <summary>The caller of an endpoint that requires authorization.</summary>
    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("this endpoint does not require authorization");

    /// <summary>The bot of the path.</summary>
    public Bot Bot => PathBot ?? throw new InvalidOperationException("this path names no bot");

    /// <summary>
    /// True if the client's grant for the path's bot holds one of the scopes. On a path about all bots, its grant for every bot, or
    /// for all of them, must hold one.
    /// </summary>
    public bool MayDoOneOf(ReadOnlySpan<Scope> scopes)
    {
        if (PathBot is not null)
            return IsGranted(PathBot, scopes);
        if (Registry.AuditsLedger(ClientId) && scopes.Contains(Scope.LedgerAudit))
            return true;
        foreach (var bot in Registry.Bots.Values)
        {
            if (!IsGranted(bot, scopes))
                return false;
        }
        return Registry.Bots.Count > 0;
    }

    /// <summary>The bots whose grants for the client hold one of the scopes, by name.</summary>
    public IReadOnlyList<Bot> BotsWith(params Scope[] scopes) =>
        [.. Registry.Bots.Values.Where(bot => IsGranted(bot, scopes)).OrderBy(bot => bot.BotId, StringComparer.Ordinal)];

    /// <summary>True if the client's grant for the bot holds one of the scopes.</summary>
    public bool IsGranted(Bot bot, params ReadOnlySpan<Scope> scopes)
    {
        foreach (var scope in Registry.ScopesOf(ClientId, bot))
        {
            if (scopes.Contains(scope))
                return true;
        }
        return false;
    }
}

/// <summary>The credential that let a client in. Anything that outlasts the request ends with it: see <see cref="Standing"/>.</summary>
/// <param name="SecretId">The secret that signed the token. Null if the client's own key did.</param>
/// <param name="Until">The instant when the token expires. Null if it never does, or if a session let the client in.</param>
/// <param name="Session">The session's id. Null if a token let the client in.</param>
internal sealed record Credential(string? SecretId, DateTimeOffset? Until, string? Session)
{
    /// <summary>The type's name without its members: anybody who has the session's id is signed in.</summary>
    public override string ToString() => nameof(Credential);
}
