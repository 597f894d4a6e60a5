using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Registry;

namespace Ledger.Web.Tokens;

/// <summary>Checks if a caller would still be let in as before. Anything that lasts longer than a request asks this again and
/// again.</summary>
internal sealed class Standing(RegistryCache registry, ConsoleSessions sessions, TimeProvider time)
{
    /// <summary>
    /// True if the client still has its secret, key or session, and its grant for the bot of the path. Rights that were taken away more
    /// than a second ago, on any node, are gone. While the database is away nothing can be taken away, so everything still holds.
    /// </summary>
    /// <param name="scopes">The scopes. The grant must hold one of them.</param>
    public async ValueTask<bool> HoldsAsync(Caller caller, Scope[] scopes, CancellationToken cancel)
    {
        var credential = caller.Credential;
        if (credential.Until <= time.GetUtcNow())
            return false;
        try
        {
            var now = await registry.CurrentAsync(cancel);
            return now.Clients.TryGetValue(caller.ClientId, out var client) && client.Client.SignsWith(credential.SecretId)
                && now.Bots.TryGetValue(caller.Bot.BotId, out var bot) && (caller with { Registry = now }).IsGranted(bot, scopes)
                && (credential.Session is null || await sessions.IsLiveAsync(credential.Session, cancel));
        }
        catch (Exception e) when (Failure.IsUnreachable(e))
        {
            return true;
        }
    }
}
