using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ledger.Web.Tokens;

/// <summary>Checks a token for a bot, by one snapshot of the registry. It does not know which <c>jti</c> were used before.</summary>
internal static class TokenCheck
{
    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false };

    /// <summary>The parameters to verify each client's tokens. Importing a public key costs more than verifying with it.</summary>
    private static readonly ConditionalWeakTable<ClientEntry, TokenValidationParameters> Verifications = [];

    /// <param name="botId">The bot of the path. Null if the path is about all bots, and none is looked for.</param>
    /// <returns>The bot, the secret that signed the token (null for the client's own key), and the reason that the token is refused (null
    /// if it is not).</returns>
    public static async ValueTask<(Bot? Bot, string? SecretId, TokenRefusal? Refusal)> CheckAsync(
        PresentedToken token, string? botId, RegistrySnapshot registry, DateTimeOffset now)
    {
        var claims = token.Claims;
        if (!registry.Clients.TryGetValue(claims.AppId, out var client))
            return (null, null, TokenRefusal.UnknownClient);
        if (client.Client.Revoked)
            return (null, null, TokenRefusal.RevokedClient);
        if (token.Jwt.Alg != client.Client.Algorithm.ToString())
            return (null, null, TokenRefusal.WrongAlgorithm);
        var signature = await Handler.ValidateTokenAsync(token.Jwt, Verifications.GetValue(client, Verification));
        if (!signature.IsValid)
            return (null, null, TokenRefusal.BadSignature);
        if (claims.Problem(now, client.Client.RequireExpiry) is { } problem)
            return (null, null, problem);
        var secret = (signature.SecurityToken.SigningKey as SecretKey)?.SecretId;
        if (botId is null)
            return (null, secret, null);
        if (!registry.Bots.TryGetValue(botId, out var bot))
            return (null, null, TokenRefusal.UnknownBot);
        return registry.ActsFor(claims.AppId, bot) ? (bot, secret, null) : (null, null, TokenRefusal.NotGranted);
    }

    /// <summary>True if a registration of a moment ago could reverse the refusal.</summary>
    public static bool MayBeStale(TokenRefusal refusal) =>
        refusal
            is TokenRefusal.UnknownClient
                or TokenRefusal.UnknownBot
                or TokenRefusal.NotGranted
                or TokenRefusal.BadSignature
                or TokenRefusal.WrongAlgorithm;

    private static TokenValidationParameters Verification(ClientEntry client) => new()
    {
        // The one algorithm that the client is registered with: else an RS256 public key, which is no secret, could be used as an HS256
        // secret.
        ValidAlgorithms = [client.Client.Algorithm.ToString()],
        IssuerSigningKeys = Keys(client),
        RequireSignedTokens = true,
        TryAllIssuerSigningKeys = true,
        // The contract knows neither claim; the lifetime is judged in TokenClaims.
        ValidateIssuer = false,
        ValidateAudience = false,
        ValidateLifetime = false,
        RequireExpirationTime = false,
    };

    // The keys are never disposed: the library keeps verifiers by a key's thumbprint, so the next snapshot's equal key goes on using this
    // one's handle. What nobody holds any more is freed by its finalizer.
    private static List<SecurityKey> Keys(ClientEntry client)
    {
        switch (client.Client.Algorithm)
        {
            case TokenAlgorithm.HS256 or TokenAlgorithm.HS512:
                return [.. client.Secrets.Select(secret => new SecretKey(secret))];
            case TokenAlgorithm.RS256 or TokenAlgorithm.RS512:
                var rsa = RSA.Create();
                rsa.ImportFromPem(client.Client.PublicKey);
                return [new RsaSecurityKey(rsa)];
            case TokenAlgorithm.ES256:
                var ecdsa = ECDsa.Create();
                ecdsa.ImportFromPem(client.Client.PublicKey);
                return [new ECDsaSecurityKey(ecdsa)];
            default:
                throw new InvalidOperationException($"unknown token algorithm {client.Client.Algorithm}");
        }
    }

    /// <summary>A key that knows the id of its secret. It does not use <c>KeyId</c>, which the library compares with the token's
    /// <c>kid</c>.</summary>
    private sealed class SecretKey(LiveSecret secret) : SymmetricSecurityKey(secret.Key)
    {
        public string SecretId => secret.Id;
    }
}
