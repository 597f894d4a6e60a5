using Ledger.Projections.Registry;
using Ledger.Registry;

namespace Ledger.Web.Tokens;

/// <summary>Marks an endpoint that pages call by themselves, again and again. Such calls do not keep a session alive.</summary>
internal sealed record NoUseOfSession;

/// <summary>
/// Authenticates requests by the console's cookie. The client's rights are looked up each time, so a revocation takes effect at once.
/// </summary>
/// <remarks>A session ends with the secret that signed its token, with its client, or with its last grant (docs/adr/0035).</remarks>
internal sealed class SessionVerifier(ConsoleSessions sessions, RegistryCache registry, TimeProvider time)
{
    /// <summary>Maximum length of an id, longer than any that the ledger gives.</summary>
    private const int MaximumCharacters = 128;

    /// <summary>The signed-in client, on a path about all bots. Null if nobody is signed in.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The database is unreachable.</exception>
    public async Task<Caller?> VerifyAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        var arrivedAt = time.GetTimestamp();
        var isUse = context.GetEndpoint()?.Metadata.GetMetadata<NoUseOfSession>() is null;
        if (IdOf(context.Request) is not { } id || await sessions.FindAsync(id, isUse, cancel) is not var (client, secret))
            return null;
        var snapshot = await registry.CurrentAsync(cancel);
        if (!IsLetIn(snapshot, client, secret))
            snapshot = await registry.ReadSinceAsync(arrivedAt, cancel);
        return IsLetIn(snapshot, client, secret)
            ? new Caller(client, PathBot: null, snapshot, arrivedAt, new Credential(secret, Until: null, id))
            : null;
    }

    /// <summary>
    /// The signed-in client, as one that asks about a bot for which it has a grant. Null if it has none, or if nobody is signed in.
    /// </summary>
    /// <param name="botId">The bot of the path. Null if the path is about all bots.</param>
    public async Task<Caller?> VerifyAsync(HttpContext context, string? botId)
    {
        // A page of another site must not make a browser ask here in its user's name: SameSite keeps the cookie from other sites, this
        // from other origins of the same one.
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
            || !SameOrigin.MayRead(context.Request))
            return null;
        var caller = await VerifyAsync(context);
        if (caller is null || botId is null)
            return caller;
        var snapshot = caller.Registry;
        if (BotOf(snapshot, botId, caller.ClientId) is null)
            snapshot = await registry.ReadSinceAsync(caller.ArrivedAt, context.RequestAborted);
        return BotOf(snapshot, botId, caller.ClientId) is { } bot ? caller with { PathBot = bot, Registry = snapshot } : null;
    }

    /// <summary>The id in the request's cookie. Null if there is none that could be one of ours.</summary>
    public static string? IdOf(HttpRequest request) =>
        request.Cookies[ConsoleSessions.Cookie] is { Length: > 0 and <= MaximumCharacters } id ? id : null;

    private static bool IsLetIn(RegistrySnapshot snapshot, string client, string? secret) =>
        snapshot.Clients.TryGetValue(client, out var entry) && entry.Client.SignsWith(secret)
        && (snapshot.AuditsLedger(client) || snapshot.Bots.Values.Any(bot => bot.Grants.ContainsKey(client)));

    private static Bot? BotOf(RegistrySnapshot snapshot, string botId, string client) =>
        snapshot.Bots.TryGetValue(botId, out var bot) && snapshot.ActsFor(client, bot) ? bot : null;
}
