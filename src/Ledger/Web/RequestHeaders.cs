using Microsoft.Net.Http.Headers;

namespace Ledger.Web;

/// <summary>Rules on the headers of a submission, and on the headers that announce a body.</summary>
internal static class RequestHeaders
{
    private const int IdempotencyKeyCharacters = 255;

    /// <summary>The optional <c>Idempotency-Key</c>.</summary>
    /// <returns>The key, or the problem with it. Both are null if there is no key.</returns>
    public static (string? Key, ErrorAnswer? Refusal) IdempotencyKey(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue("Idempotency-Key", out var values))
            return (null, null);
        if (values.Count == 1 && values[0] is { } key && IsIdempotencyKey(key))
            return (key, null);
        return (
            null,
            new ErrorAnswer(400, "Idempotency-Key must be there at most once and be 1 to 255 visible ASCII characters, without spaces"));
    }

    /// <summary>True for 1 to 255 visible ASCII characters.</summary>
    public static bool IsIdempotencyKey(string text) =>
        text.Length is > 0 and <= IdempotencyKeyCharacters && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>True if the body is announced as JSON in UTF-8, not compressed (contract §1).</summary>
    public static bool AnnounceJson(HttpRequest request) => Announce(request, "application/json");

    /// <summary>True if the body is announced as this media type in UTF-8, not compressed.</summary>
    public static bool Announce(HttpRequest request, string mediaType)
    {
        if (!request.Headers.GetCommaSeparatedValues(HeaderNames.ContentEncoding).All(IsIdentity))
            return false;
        if (request.ContentType == mediaType)
            return true;
        return MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
            && type.Parameters.All(parameter =>
                !parameter.Name.Equals("charset", StringComparison.OrdinalIgnoreCase) || NamesUtf8(parameter)
            );
    }

    /// <summary>True for the coding that changes nothing (RFC 9110 §12.5.3).</summary>
    private static bool IsIdentity(string coding) => coding.Equals("identity", StringComparison.OrdinalIgnoreCase);

    private static bool NamesUtf8(NameValueHeaderValue charset)
    {
        var name = HeaderUtilities.RemoveQuotes(charset.Value);
        return name.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || name.Equals("utf8", StringComparison.OrdinalIgnoreCase);
    }
}
