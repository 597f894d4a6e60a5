using System.Text.Json;

namespace Ledger.Web.Tokens;

/// <summary>
/// The claims of a token that count here (contract §4), as sent and not verified yet. Instants are seconds since 1970 (RFC 7519 §2,
/// NumericDate).
/// </summary>
internal sealed record TokenClaims(string AppId, string? Jti, double? Exp, double? Nbf, double? Iat)
{
    /// <summary>Maximum difference between the clocks of client and service.</summary>
    public const double SkewSeconds = 60;

    /// <summary>Maximum time until the <c>exp</c> of a token with a <c>jti</c>. Its use is remembered for this time.</summary>
    public const double ReplaySeconds = 3600;

    /// <summary>The instant from which the token is refused. Null if never, as far as a calendar reaches.</summary>
    public DateTimeOffset? ExpiresAt
    {
        get
        {
            var seconds = Exp + SkewSeconds;
            return seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? DateTimeOffset.UnixEpoch.AddSeconds(Math.Max(seconds.Value, 0))
                : null;
        }
    }

    /// <summary>The type's name without its members, which the caller may have filled with anything.</summary>
    public override string ToString() => nameof(TokenClaims);

    /// <summary>Reads a token's payload.</summary>
    /// <returns>The claims. Null if it is not a JSON object, has no <c>appId</c>, or has one of these claims twice or of the wrong
    /// type.</returns>
    public static TokenClaims? TryRead(ReadOnlySpan<byte> payload)
    {
        try
        {
            return Read(payload);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // InvalidOperationException: invalid UTF-8 or half a surrogate pair in a name or a value
        }
    }

    /// <summary>The reason that a token with these claims is refused at <paramref name="now"/>. Null if it is not.</summary>
    public TokenRefusal? Problem(DateTimeOffset now, bool requireExpiry)
    {
        var seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        if (Exp is null && requireExpiry)
            return TokenRefusal.NoExpiry;
        if (Exp is { } exp && seconds >= exp + SkewSeconds)
            return TokenRefusal.Expired;
        if (Nbf is { } nbf && seconds < nbf - SkewSeconds)
            return TokenRefusal.NotYetValid;
        if (Iat is { } iat && seconds < iat - SkewSeconds)
            return TokenRefusal.IssuedInTheFuture;
        if (Jti is not null && (Exp is null || Exp > seconds + ReplaySeconds + SkewSeconds))
            return TokenRefusal.JtiOutlivesMemory;
        return null;
    }

    private static TokenClaims? Read(ReadOnlySpan<byte> payload)
    {
        string? appId = null, jti = null;
        double? exp = null, nbf = null, iat = null;
        var reader = new Utf8JsonReader(payload);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var read = reader.GetString() switch
            {
                "appId" => ReadText(ref reader, ref appId),
                "jti" => ReadText(ref reader, ref jti),
                "exp" => ReadSeconds(ref reader, ref exp),
                "nbf" => ReadSeconds(ref reader, ref nbf),
                "iat" => ReadSeconds(ref reader, ref iat),
                _ => Skip(ref reader),
            };
            if (!read)
                return null;
        }
        // Reads on to the end, so that what follows the object is an error.
        return !reader.Read() && appId is not null ? new TokenClaims(appId, jti, exp, nbf, iat) : null;
    }

    private static bool ReadText(ref Utf8JsonReader reader, ref string? text)
    {
        if (text is not null || !reader.Read() || reader.TokenType != JsonTokenType.String)
            return false;
        text = reader.GetString();
        return true;
    }

    private static bool ReadSeconds(ref Utf8JsonReader reader, ref double? seconds)
    {
        if (seconds is not null || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var value))
            return false;
        seconds = value;
        return true;
    }

    private static bool Skip(ref Utf8JsonReader reader)
    {
        reader.Skip();
        return true;
    }
}

/// <summary>The reason that a token was refused, for the operator's log. The client gets one message for all but the last two.</summary>
public enum TokenRefusal
{
    NoToken,
    SeveralTokens,
    TooLong,
    Malformed,
    UnknownClient,
    RevokedClient,
    WrongAlgorithm,
    BadSignature,
    UnknownBot,
    NotGranted,
    NoExpiry,
    Expired,
    NotYetValid,
    IssuedInTheFuture,
    JtiOutlivesMemory,
    Replayed,
}
