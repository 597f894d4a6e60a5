using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Ledger.Contracts;
using Ledger.Conversations.Adding;
using Ledger.Jobs;

namespace Ledger.Import;

/// <summary>
/// One line of an import: <c>{"botId","conversationId","cId","channel","startedAt","messages":[…]}</c>, optionally with
/// <c>transcripts</c>, <c>recordings</c>, <c>attachments</c> and <c>logs</c>. An item is any JSON object; its <c>createdOn</c>, where it
/// has one, is an instant. What is not understood is refused, not dropped: nobody would miss it until it should have been erased.
/// </summary>
internal static partial class ImportLine
{
    private const string BotRule = "must be a string of 1 to 128 characters, not all blank, without control characters";
    private const string IdRule = "must be a string of 1 to 128 characters, without control characters and byte order marks, and without "
        + "white space at its ends";
    private const string InstantRule = "must be an instant with Z or an offset, such as 2026-05-04T08:00:00.000Z";
    private const string NotOneObject = "it is not one JSON object";

    /// <summary>Maximum number of bytes of an item. jsonb holds no array of more elements than such an item can have.</summary>
    private const int LargestItem = 32 << 20;

    /// <summary>The arrays of items; the place is the kind.</summary>
    private static readonly string[] s_kinds = ["messages", "transcripts", "recordings", "attachments", "logs"];
    private static readonly string[] s_others = ["botId", "conversationId", "cId", "channel", "startedAt"];

    /// <param name="line">The line without its end.</param>
    /// <param name="isFirst">True if it is the first line. If that cannot be read, the message says what kind of file it seems to
    /// be.</param>
    /// <exception cref="FormatException">A rule is broken. The message says which one, and never quotes the line.</exception>
    public static ImportedConversation Parse(ReadOnlyMemory<byte> line, bool isFirst = false)
    {
        if (!Utf8.IsValid(line.Span))
            throw new FormatException(Problem("it is not UTF-8", line, isFirst));
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(Members(document.RootElement))
                : throw new FormatException(Problem(NotOneObject, line, isFirst));
        }
        catch (JsonException e)
        {
            throw new FormatException(
                IsOnlyTooDeep(line.Span)
                    ? $"it is nested deeper than {ContentDigest.MostLevels} levels"
                    : Problem($"{NotOneObject} (byte {e.BytePositionInLine + 1})", line, isFirst),
                e);
        }
        // The reader's word for a text that is none.
        catch (InvalidOperationException e)
        {
            throw new FormatException("it holds half a surrogate pair, which is no character and cannot be stored", e);
        }
    }

    private static string Problem(string problem, ReadOnlyMemory<byte> line, bool isFirst) =>
        isFirst && ImportForm.Of(line.Span) is { } form ? $"{problem}: {form}" : problem;

    /// <summary>True if the line is JSON that is only nested too deep.</summary>
    private static bool IsOnlyTooDeep(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            while (reader.Read()) { }
            return true;
        }
        catch (JsonException)
        {
            return false;
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
        var cId = Id(members, "cId");
        var (items, digest) = (new List<ImportedItem>(), new ContentDigest(cId, channel, startedAt));
        for (short kind = 0; kind < s_kinds.Length; kind++)
        {
            if (members.TryGetValue(s_kinds[kind], out var array))
                AddItems(items, digest, kind, array, startedAt);
        }
        return new ImportedConversation(
            BotId(members), Id(members, "conversationId"), cId, channel, startedAt, items, digest.Finish());
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

    private static void AddItems(List<ImportedItem> items, ContentDigest digest, short kind, JsonElement array, DateTimeOffset startedAt)
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
            var body = JsonMarshal.GetRawUtf8Value(item);
            if (body.Length > LargestItem)
                throw new FormatException($"{name} is larger than {LargestItem >> 20} MiB, which cannot be stored");
            Add(digest, name, kind, position, createdOn, item);
            items.Add(new ImportedItem(kind, position++, createdOn, body.ToArray()));
        }
    }

    private static void Add(ContentDigest digest, string name, short kind, int position, DateTimeOffset createdOn, JsonElement item)
    {
        try
        {
            digest.Add(kind, position, createdOn, item);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{name}: {e.Message}", e);
        }
    }

    private static JsonElement Required(Dictionary<string, JsonElement> members, string name) =>
        members.TryGetValue(name, out var value) ? value : throw new FormatException($"{name} is missing");

    private static string BotId(Dictionary<string, JsonElement> members) =>
        Text(Required(members, "botId")) is { } text && Limits.IsIdentifier(text) ? text : throw new FormatException($"botId {BotRule}");

    private static string Id(Dictionary<string, JsonElement> members, string name) =>
        Text(Required(members, name)) is { } text && Limits.IsConversationOrUserId(text) ? text
            : throw new FormatException($"{name} {IdRule}");

    private static DateTimeOffset Moment(JsonElement value, string name) =>
        // isStart false: what is finer than a millisecond is cut off. A date alone is no instant.
        // PostgreSQL's client takes the very first instant for minus infinity.
        Text(value) is { } text && text.Contains('T') && SentInstant.Read(text, isStart: false) is { } instant
            && instant > DateTimeOffset.MinValue
            ? instant
            : throw new FormatException($"{name} {InstantRule}");

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Channels();
}
