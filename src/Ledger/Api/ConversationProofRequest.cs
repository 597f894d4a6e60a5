using System.Text.Json;
using Ledger.Contracts;
using Ledger.Web;

namespace Ledger.Api;

/// <summary>The body <c>{"conversationId"}</c>. Its rules are those of a submission: see <see cref="DeletionRequestParser"/>.</summary>
/// <param name="ConversationId">Null if there is a problem.</param>
/// <param name="Problems">One entry for each problem found. None quotes the body.</param>
internal sealed record ConversationProofRequest(string? ConversationId, IReadOnlyList<string> Problems)
{
    internal const string Member = "conversationId";

    /// <param name="body">The bytes as received.</param>
    public static ConversationProofRequest Parse(ReadOnlySpan<byte> body)
    {
        if (DeletionRequestParser.NotAnObject(body) is { } problem)
            return new ConversationProofRequest(null, [problem]);
        var problems = new ProblemList();
        string? id = null;
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Limits.BodyBytes + 1 });
            id = Read(ref reader, problems);
        }
        catch (JsonException malformed)
        {
            return new ConversationProofRequest(null, [DeletionRequestParser.NotJson(malformed)]);
        }
        if (problems.IsEmpty && id is null)
            problems.Add($"{Member} is required");
        return new ConversationProofRequest(problems.IsEmpty ? id : null, problems.Told);
    }

    /// <summary>The type's name only: the id is personal data.</summary>
    public override string ToString() => nameof(ConversationProofRequest);

    private static string? Read(ref Utf8JsonReader reader, ProblemList problems)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            problems.Add("the body must be a JSON object");
            reader.Skip();
        }
        string? id = null;
        var isSeen = false;
        for (var position = 1;
            reader.TokenType != JsonTokenType.EndObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName;
            position++)
        {
            var name = DeletionRequestMembers.TextOf(ref reader);
            var isKnown = name == Member;
            reader.Read();
            if (isKnown && !isSeen)
                id = DeletionRequestMembers.Identifier(ref reader);
            else
                reader.Skip();
            if (isKnown && (isSeen || id is null))
                problems.Add(isSeen ? $"{Member} is there more than once" : $"{Member} {DeletionRequestMembers.IdentifierRule}");
            else if (!isKnown)
                problems.Add($"member {position} is unknown{ProblemList.Quoted(name)}: only {Member} is known");
            isSeen |= isKnown;
        }
        reader.Read(); // what follows the value is an error
        return id;
    }
}
