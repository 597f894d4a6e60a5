using Ledger.Registry;

namespace Ledger.Web.Tokens;

/// <summary>Authenticates requests (contract §4). It checks the token, the registry, and that its <c>jti</c> was not used before.</summary>
internal sealed class TokenVerifier(RegistryCache registry, UsedTokens used, TimeProvider time, ILogger<TokenVerifier> log)
{
    /// <param name="botId">The bot of the path. Null if the path is about all bots.</param>
    /// <returns>The caller, or the reason that there is none. Exactly one is null.</returns>
    /// <exception cref="Npgsql.NpgsqlException">The database is unreachable.</exception>
    public async Task<(Caller? Caller, TokenRefusal? Refusal)> VerifyAsync(
        IHeaderDictionary headers, string? botId, CancellationToken cancel)
    {
        var (token, refusal) = PresentedToken.Read(headers);
        return token is null ? Refuse(refusal, client: null) : await VerifyAsync(token, botId, cancel);
    }

    /// <summary>Authenticates a token that did not come in a header.</summary>
    public async Task<(Caller? Caller, TokenRefusal? Refusal)> VerifyAsync(string text, CancellationToken cancel) =>
        text.Length switch
        {
            0 => Refuse(TokenRefusal.NoToken, client: null),
            > PresentedToken.MaximumCharacters => Refuse(TokenRefusal.TooLong, client: null),
            _ => PresentedToken.Parse(text) is { } token
                ? await VerifyAsync(token, botId: null, cancel)
                : Refuse(TokenRefusal.Malformed, client: null),
        };

    private async Task<(Caller? Caller, TokenRefusal? Refusal)> VerifyAsync(PresentedToken token, string? botId, CancellationToken cancel)
    {
        var arrivedAt = time.GetTimestamp();
        var snapshot = await registry.CurrentAsync(cancel);
        var (bot, secret, refusal) = await TokenCheck.CheckAsync(token, botId, snapshot, time.GetUtcNow());
        if (refusal is { } stale && TokenCheck.MayBeStale(stale))
        {
            snapshot = await registry.ReadSinceAsync(arrivedAt, cancel);
            (bot, secret, refusal) = await TokenCheck.CheckAsync(token, botId, snapshot, time.GetUtcNow());
        }
        var client = snapshot.Clients.ContainsKey(token.Claims.AppId) ? token.Claims.AppId : null;
        if (refusal is not null)
            return Refuse(refusal, client);
        if (!await IsFirstUseAsync(token.Claims, cancel))
            return Refuse(TokenRefusal.Replayed, client);
        var credential = new Credential(secret, token.Claims.ExpiresAt, Session: null);
        return (new Caller(token.Claims.AppId, bot, snapshot, arrivedAt, credential), null);
    }

    private async ValueTask<bool> IsFirstUseAsync(TokenClaims claims, CancellationToken cancel)
    {
        if (claims is not { Jti: { } jti, ExpiresAt: { } expiresAt })
            return true;
        // From this commit on the jti is spent, also if the answer is an error or never sent.
        return await used.IsFirstUseAsync(claims.AppId, jti, expiresAt, cancel);
    }

    private (Caller?, TokenRefusal?) Refuse(TokenRefusal? refusal, string? client)
    {
        // Only a registered client's name is written down: anything else in a token is whatever the sender likes.
        log.LogInformation("token refused: {Refusal}, client {Client}", refusal, client ?? "unknown");
        return (null, refusal);
    }
}
