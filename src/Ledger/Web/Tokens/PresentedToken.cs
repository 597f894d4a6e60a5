using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ledger.Web.Tokens;

/// <summary>A token as a request presents it: well-formed, but not verified yet.</summary>
internal sealed record PresentedToken(JsonWebToken Jwt, TokenClaims Claims)
{
    public const int MaximumCharacters = 8 * 1024;

    /// <summary>Reads the token of a request. Exactly one of the two results is null.</summary>
    public static (PresentedToken? Token, TokenRefusal? Refusal) Read(IHeaderDictionary headers)
    {
        // `auth` wins if both are there.
        var values = headers.TryGetValue("auth", out var auth) ? auth : headers.Authorization;
        if (values.Count > 1)
            return (null, TokenRefusal.SeveralTokens);
        var text = values.ToString();
        if (auth.Count == 0 && !TryDropScheme(ref text))
            return (null, TokenRefusal.NoToken);
        if (text.Length == 0)
            return (null, TokenRefusal.NoToken);
        if (text.Length > MaximumCharacters)
            return (null, TokenRefusal.TooLong);
        return Parse(text) is { } token ? (token, null) : (null, TokenRefusal.Malformed);
    }

    /// <summary>Reads a token. Null if it is not a signed JWT in compact form with the claims that count here.</summary>
    public static PresentedToken? Parse(string text)
    {
        try
        {
            var jwt = new JsonWebToken(text);
            // RFC 7515 §4.1.11: who does not understand an extension listed in "crit" must refuse; we understand none.
            if (jwt.IsEncrypted || jwt.TryGetHeaderValue<object>("crit", out _))
                return null;
            return TokenClaims.TryRead(Base64Url.DecodeFromChars(jwt.EncodedPayload)) is { } claims
                ? new PresentedToken(jwt, claims)
                : null;
        }
        catch (Exception exception) when (exception
            is SecurityTokenException or ArgumentException or FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The type's name without the token: anybody who has it may use it.</summary>
    public override string ToString() => nameof(PresentedToken);

    private static bool TryDropScheme(ref string text)
    {
        const string bearer = "Bearer ";
        if (!text.StartsWith(bearer, StringComparison.OrdinalIgnoreCase))
            return false;
        text = text[bearer.Length..].Trim(' ');
        return true;
    }
}
