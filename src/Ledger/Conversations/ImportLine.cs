using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Ledger.Contracts;
using Ledger.Http;

namespace Ledger.Conversations;

/// <summary>
/// One line of an import: <c>{"botId","conversationId","cId","channel","startedAt","messages":[…]}</c>, optionally with <c>transcripts</c>, <c>recordings</c>,
/// <c>attachments</c> and <c>logs</c>. An item is any JSON object; its <c>createdOn</c>, where it has one, is an instant. What is not understood is refused, not
/// dropped: nobody would miss it until it should have been erased.
/// </summary>
internal static partial class ImportLine
{
    private const string IdentifierRule = "must be a string of 1 to 128 characters, not all blank, without control characters";
    private const string InstantRule = "must be an instant with Z or an offset, such as 2026-05-04T08:00:00.000Z";

    /// <summary>The arrays of items; the place is the kind.</summary>
    private static readonly string[] s_kinds = ["messages", "transcripts", "recordings", "attachments", "logs"];
    private static readonly string[] s_others = ["botId", "conversationId", "cId", "channel", "startedAt"];

    /// <exception cref="FormatException">Says which rule is broken, and never quotes the line.</exception>
    public static ImportedConversation Parse(ReadOnlyMemory<byte> line)
    {
        if (!Utf8.IsValid(line.Span))
            throw new FormatException("it is not UTF-8");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is not one JSON object (byte {e.BytePositionInLine + 1})", e);
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new FormatException("it is not one JSON object");
            RequireStorable(line.Span);
            return Read(Members(document.RootElement));
        }
    }

    private static ImportedConversation Read(Dictionary<string, JsonElement> members)
    {
        var startedAt = Moment(Required(members, "startedAt"), "startedAt");
        var channel = Text(Required(members, "channel"));
        // It survives in the analytics, where no text and no id may be.
        if (channel is null || !Channels().IsMatch(channel))
            throw new FormatException("channel must be 1 to 64 characters of a-z, A-Z, 0-9, '.', '_' and '-'");
        _ = Required(members, "messages");
        var items = new List<ImportedItem>();
        for (short kind = 0; kind < s_kinds.Length; kind++)
        {
            if (members.TryGetValue(s_kinds[kind], out var array))
                AddItems(items, kind, array, startedAt);
        }
        return new ImportedConversation(
            Identifier(members, "botId"), Identifier(members, "conversationId"), Identifier(members, "cId"), channel, startedAt, items);
    }

    private static Dictionary<string, JsonElement> Members(JsonElement line)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var position = 0;
        foreach (var member in line.EnumerateObject())
        {
            position++;
            if (!s_others.Contains(member.Name) && !s_kinds.Contains(member.Name))
                throw new FormatException($"member {position} is unknown: only {string.Join(", ", s_others.Concat(s_kinds))} are known");
            if (!members.TryAdd(member.Name, member.Value))
                throw new FormatException($"{member.Name} is there more than once");
        }
        return members;
    }

    private static void AddItems(List<ImportedItem> items, short kind, JsonElement array, DateTimeOffset startedAt)
    {
        if (array.ValueKind != JsonValueKind.Array)
            throw new FormatException($"{s_kinds[kind]} must be an array of objects");
        var position = 0;
        foreach (var item in array.EnumerateArray())
        {
            var name = $"{s_kinds[kind]}[{position}]";
            if (item.ValueKind != JsonValueKind.Object)
                throw new FormatException($"{name} must be an object");
            var createdOn = item.TryGetProperty("createdOn", out var sent) ? Moment(sent, $"{name}.createdOn") : startedAt;
            items.Add(new ImportedItem(kind, position++, createdOn, JsonMarshal.GetRawUtf8Value(item).ToArray()));
        }
    }

    private static JsonElement Required(Dictionary<string, JsonElement> members, string name) =>
        members.TryGetValue(name, out var value) ? value : throw new FormatException($"{name} is missing");

    private static string Identifier(Dictionary<string, JsonElement> members, string name) =>
        Text(Required(members, name)) is { } text && Limits.IsIdentifier(text) ? text : throw new FormatException($"{name} {IdentifierRule}");

    private static DateTimeOffset Moment(JsonElement value, string name) =>
        // isStart false: what is finer than a millisecond is cut off. A date alone is no instant.
        Text(value) is { } text && text.Contains('T') && RequestedRange.Read(text, isStart: false) is { } instant
            ? instant
            : throw new FormatException($"{name} {InstantRule}");

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>PostgreSQL's jsonb holds neither U+0000 nor half a surrogate pair. Both need an escape, so most lines are done at a glance.</summary>
    private static void RequireStorable(ReadOnlySpan<byte> line)
    {
        if (line.IndexOf("\\u0000"u8) < 0 && line.IndexOf("\\ud"u8) < 0 && line.IndexOf("\\uD"u8) < 0)
            return;
        var reader = new Utf8JsonReader(line);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.GetString()!.Contains('\0'))
                    throw new FormatException("it holds the character U+0000, which cannot be stored");
            }
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("it holds half a surrogate pair, which is no character and cannot be stored", e);
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Channels();
}
