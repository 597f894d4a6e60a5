using System.Text.Json;
using Ledger.Api.Cases;
using Ledger.Contracts;
using Ledger.Jobs;
using Ledger.Jobs.Cases;
using Ledger.Web;

namespace Ledger.Api;

/// <summary>The members of one submitted body, and the problems found in them.</summary>
internal sealed class DeletionRequestMembers
{
    internal const string IdentifierRule =
        "must be a non-blank string of at most 128 characters, without control characters, byte order marks or half a surrogate pair, "
        + "and without white space at its ends";

    internal static readonly string[] Names = ["conversationIds", "cId", "startDate", "endDate", "case"];

    private readonly ProblemList _problems = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private List<string>? _conversationIds;
    private bool _isObject;
    private bool _hasCId;
    private string? _cId;
    private SentDate _startDate;
    private SentDate _endDate;
    private CaseMembers? _case;

    /// <summary>Reads the whole text. The members may come in any order.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public void Read(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            _problems.Add("the body must be a JSON object");
            reader.Skip();
        }
        else
        {
            _isObject = true;
            for (var position = 1; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; position++)
                ReadMember(ref reader, position);
        }
        reader.Read(); // what follows the value is an error
    }

    /// <summary>The request, or all the problems found in it.</summary>
    public ParsedBody Check(DateTimeOffset now)
    {
        if (!_isObject)
            return Invalid();
        var told = _case?.Check(now);
        if (_conversationIds is not null && _hasCId)
            _problems.Add("conversationIds and cId exclude each other: send one of them");
        else if (_conversationIds is null && !_hasCId)
            _problems.Add("conversationIds or cId is required");

        // They take precedence over dates: with them, dates are not even parsed.
        if (_conversationIds is not null)
            return !_problems.IsEmpty ? Invalid() : ByConversationIds(_conversationIds, told);
        var range = RequestedRange.Resolve(_startDate, _endDate, now, _problems.Add);
        return !_problems.IsEmpty || _cId is null || range is null
            ? Invalid()
            : Valid(
                new DeletionRequest.ByChannelUser(_cId, range.From, range.To),
                CanonicalRequest.ByChannelUser(_cId, _startDate.Text, _endDate.Text), told);
    }

    private ParsedBody.Valid ByConversationIds(List<string> sent, DeletionCase? told)
    {
        var ids = CanonicalRequest.AsSet(sent);
        return Valid(
            new DeletionRequest.ByConversationIds(ids), CanonicalRequest.ByConversationIds(ids, _startDate.Json, _endDate.Json), told);
    }

    private ParsedBody.Valid Valid(DeletionRequest request, byte[] canonical, DeletionCase? told) =>
        new(request, _case?.Canonical(canonical) ?? canonical, told);

    private ParsedBody.Invalid Invalid() => new(_problems.Told);

    private void ReadMember(ref Utf8JsonReader reader, int position)
    {
        var name = TextOf(ref reader);
        reader.Read();
        if (name is null || !Names.Contains(name))
        {
            var known = Names.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
            _problems.Add(known is null
                ? $"member {position} is unknown{ProblemList.Quoted(name)}: only conversationIds, cId, startDate, endDate and case are "
                + "known"
                : $"member {position} is {known} in another letter case: write {known}");
            reader.Skip();
            return;
        }
        if (!_seen.Add(name))
        {
            _problems.Add($"{name} is there more than once");
            reader.Skip();
            return;
        }
        ReadKnown(ref reader, name);
    }

    private void ReadKnown(ref Utf8JsonReader reader, string name)
    {
        if (name is "startDate")
            _startDate = SentDate.Read(ref reader);
        else if (name is "endDate")
            _endDate = SentDate.Read(ref reader);
        else if (reader.TokenType == JsonTokenType.Null)
            return; // as if absent
        else if (name is "cId")
            ReadCId(ref reader);
        else if (name is "case")
            (_case = new CaseMembers(_problems)).Read(ref reader);
        else
            _conversationIds = ReadConversationIds(ref reader, _problems);
    }

    private void ReadCId(ref Utf8JsonReader reader)
    {
        _hasCId = true;
        _cId = Identifier(ref reader);
        if (_cId is null)
            _problems.Add($"cId {IdentifierRule}");
    }

    /// <summary>Reads a list of conversations to its end, with what is wrong with it.</summary>
    internal static List<string> ReadConversationIds(ref Utf8JsonReader reader, ProblemList problems)
    {
        var ids = new List<string>();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            problems.Add("conversationIds must be a list of strings");
            reader.Skip();
            return ids;
        }
        var count = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            if (Identifier(ref reader) is { } id)
                ids.Add(id);
            else if (count < Limits.ConversationIdsPerRequest)
                problems.Add($"conversationIds[{count}] {IdentifierRule}");
        }
        if (count == 0)
            problems.Add("conversationIds is empty: it must have 1 to 100 items");
        if (count > Limits.ConversationIdsPerRequest)
            problems.Add($"conversationIds has {count} items: it must have 1 to 100, counted before duplicates are dropped");
        return ids;
    }

    /// <summary>Reads a value to its end; null if it is not an identifier.</summary>
    internal static string? Identifier(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return TextOf(ref reader) is { } text && Limits.IsConversationOrUserId(text) ? text : null;
        reader.Skip();
        return null;
    }

    /// <summary>
    /// The text of a string or a name. Null if it holds half a surrogate pair, such as <c>\ud800</c>: UTF-8 in .NET cannot hold that.
    /// </summary>
    public static string? TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
