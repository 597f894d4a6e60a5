using Ledger.Projections.Registry;
using Ledger.Registry;

namespace Ledger.Web.Tokens;

/// <summary>Of an endpoint that pages ask by themselves, again and again: a session does not go on for that.</summary>
internal sealed record NoUseOfSession;

/// <summary>
/// Authenticates requests by the console's cookie. What the client may do is looked up each time: what is revoked is revoked at once.
/// </summary>
/// <remarks>A session lasts as long as the secret that signed its token, its client, and one grant at least (docs/adr/0035).</remarks>
internal sealed class SessionVerifier(ConsoleSessions sessions, RegistryCache registry, TimeProvider time)
{
    /// <summary>Longer than any that the ledger gives.</summary>
    private const int MaximumCharacters = 128;

    /// <summary>The signed-in client, on a path about all bots; null: nobody is signed in.</summary>
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
    /// The signed-in client, as one that asks about a bot of which it has a grant; null: it has none, or nobody is signed in.
    /// </summary>
    /// <param name="botId">The bot of the path; null: the path is about all bots.</param>
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

    /// <summary>What the request's cookie says; null: nothing that could be one of ours.</summary>
    public static string? IdOf(HttpRequest request) =>
        request.Cookies[ConsoleSessions.Cookie] is { Length: > 0 and <= MaximumCharacters } id ? id : null;

    private static bool IsLetIn(RegistrySnapshot snapshot, string client, string? secret) =>
        snapshot.Clients.TryGetValue(client, out var entry) && entry.Client.SignsWith(secret)
        && snapshot.Bots.Values.Any(bot => bot.Grants.ContainsKey(client));

    private static Bot? BotOf(RegistrySnapshot snapshot, string botId, string client) =>
        snapshot.Bots.TryGetValue(botId, out var bot) && bot.Grants.ContainsKey(client) ? bot : null;
}
