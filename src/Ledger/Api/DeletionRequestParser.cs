using System.Text.Json;
using System.Text.Unicode;
using Ledger.Contracts;
using Ledger.Jobs;
using Ledger.Jobs.Cases;

namespace Ledger.Api;

/// <summary>The result of parsing a submitted body.</summary>
internal abstract record ParsedBody
{
    private ParsedBody() { }

    /// <param name="Request">The checked request.</param>
    /// <param name="Canonical">See <see cref="Submission.Canonical"/>.</param>
    /// <param name="Case">The request behind it. Null if none was told.</param>
    public sealed record Valid(DeletionRequest Request, byte[] Canonical, DeletionCase? Case) : ParsedBody;

    /// <param name="Problems">One per problem found, each naming the member and the rule.</param>
    public sealed record Invalid(IReadOnlyList<string> Problems) : ParsedBody;
}

/// <summary>
/// Parses the body of a submission by the rules of contract §1. It is written by hand, without a serializer, because a deletion is never
/// guessed at. A duplicate or unknown member is an error, and every problem is named at once. Problems never quote the body: they name
/// known members, and give only the position of an unknown one.
/// </summary>
internal static class DeletionRequestParser
{
    /// <param name="body">The bytes as received.</param>
    /// <param name="now">The instant of submission. It defines "today".</param>
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
