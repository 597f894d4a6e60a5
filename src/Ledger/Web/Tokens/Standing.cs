using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Registry;

namespace Ledger.Web.Tokens;

/// <summary>Whether a caller would be let in again as it was: what lasts longer than a request asks this again and again.</summary>
internal sealed class Standing(RegistryCache registry, ConsoleSessions sessions, TimeProvider time)
{
    /// <summary>
    /// The client with its secret, key or session, and its grant for the bot of the path. What was taken away more than a second ago, on
    /// whatever node, is not there any more. While the database is away nothing can be taken away, and everything still stands.
    /// </summary>
    /// <param name="scopes">Of which the grant must hold one.</param>
    public async ValueTask<bool> HoldsAsync(Caller caller, Scope[] scopes, CancellationToken cancel)
    {
        var credential = caller.Credential;
        if (credential.Until <= time.GetUtcNow())
            return false;
        try
        {
            var now = await registry.CurrentAsync(cancel);
            return now.Clients.TryGetValue(caller.ClientId, out var client) && client.Client.SignsWith(credential.SecretId)
                && now.Bots.TryGetValue(caller.Bot.BotId, out var bot) && caller.IsGranted(bot, scopes)
                && (credential.Session is null || await sessions.IsLiveAsync(credential.Session, cancel));
        }
        catch (Exception e) when (Failure.IsUnreachable(e))
        {
            return true;
        }
    }
}
