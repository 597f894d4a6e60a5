using System.Text.Json;
using System.Text.Unicode;
using Ledger.Contracts;
using Ledger.Jobs;

namespace Ledger.Api;

/// <summary>What a submitted body turned out to be.</summary>
internal abstract record ParsedBody
{
    private ParsedBody() { }

    /// <param name="Request">The checked request.</param>
    /// <param name="Canonical">See <see cref="Submission.Canonical"/>.</param>
    public sealed record Valid(DeletionRequest Request, byte[] Canonical) : ParsedBody;

    /// <param name="Problems">One per problem found, each naming the member and the rule.</param>
    public sealed record Invalid(IReadOnlyList<string> Problems) : ParsedBody;
}

/// <summary>
/// The body of a submission by the rules of contract §1. By hand and not by a serializer: a deletion is never guessed at, so a duplicate or
/// unknown member is an error, and every problem is named at once. Problems never quote the body: names of known members are ours, and an
/// unknown member is told by its position.
/// </summary>
internal static class DeletionRequestParser
{
    /// <param name="body">The bytes as received.</param>
    /// <param name="now">The instant of submission: what "today" is.</param>
    public static ParsedBody Parse(ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (NotAnObject(body) is { } problem)
            return new ParsedBody.Invalid([problem]);
        var members = new DeletionRequestMembers();
        try
        {
            // Depth is no problem of ours: the reader does not recurse, and the body's size bounds its stack of bits.
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Limits.BodyBytes + 1 });
            members.Read(ref reader);
        }
        catch (JsonException malformed)
        {
            return new ParsedBody.Invalid([NotJson(malformed)]);
        }
        return members.Check(now);
    }

    internal static string NotJson(JsonException malformed) =>
        $"the body is not valid JSON: line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}";

    internal static string? NotAnObject(ReadOnlySpan<byte> body) => body switch
    {
        [] => "the body is empty: send a JSON object",
        [0xEF, 0xBB, 0xBF, ..] => "the body starts with a byte order mark: leave it out",
        _ when !Utf8.IsValid(body) => "the body is not UTF-8",
        _ => null,
    };
}
