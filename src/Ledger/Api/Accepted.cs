using Microsoft.Net.Http.Headers;

namespace Ledger.Api;

/// <summary>Picks the media type that a client prefers among those that a resource offers (RFC 9110 §12.5.1).</summary>
internal static class Accepted
{
    /// <param name="request">The request. Its <c>Accept</c> header may be missing; one that cannot be read counts as missing.</param>
    /// <param name="offered">Media types, the preferred one first.</param>
    /// <returns>The media type; null if none is acceptable.</returns>
    public static string? Of(HttpRequest request, params IReadOnlyList<string> offered)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted) || accepted.Count == 0)
            return offered[0];
        var best = offered.Select(type => (Type: type, Quality: Quality(accepted, type))).MaxBy(form => form.Quality);
        return best.Quality > 0 ? best.Type : null;
    }

    /// <summary>The quality of the most specific range that includes the type; 0 if no range does.</summary>
    private static double Quality(IList<MediaTypeHeaderValue> accepted, string type)
    {
        var range = accepted
            .Where(range => range.MatchesAllTypes || range.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)
                || (range.MatchesAllSubTypes && type.StartsWith($"{range.Type}/", StringComparison.OrdinalIgnoreCase)))
            .MaxBy(range => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2);
        return range is null ? 0 : range.Quality ?? 1;
    }
}
