using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Ledger.SystemTests.Import;

/// <summary>A file as somebody may hand it in.</summary>
/// <param name="Name">What is odd about it.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Conversations">So many it holds; null: it is to be refused.</param>
/// <param name="Reason">What the refusal says, as a regular expression.</param>
internal sealed record OddFile(string Name, byte[] Bytes, int? Conversations, string Reason = "")
{
    public override string ToString() => Name;
}

/// <summary>
/// Damaged and odd files, three conversations in each of those that are whole. The ids of each begin with a name of its own.
/// </summary>
internal static class OddFiles
{
    private const string Gzip = "compress";

    public static IEnumerable<OddFile> All(string bot)
    {
        var number = 0;
        foreach (var make in Makers(bot))
            yield return make($"f{number++:D4}");
    }

    private static IEnumerable<Func<string, OddFile>> Makers(string bot) =>
    [
        .. Cuts(bot), .. Members(bot), .. Encodings(bot), .. Forms(bot), .. Orders(bot), .. Doubles(bot), .. Numbers(bot), .. Texts(bot),
            .. Instants(bot),
    ];

    /// <summary>Three lines.</summary>
    private static string Lines(string bot, string id) => string.Concat(Enumerable.Range(1, 3).Select(n => Line(bot, $"{id}-{n}") + "\n"));

    private static string Line(string bot, string id, string item = "\"text\":\"hello\"") =>
        $$"""{"botId":"{{bot}}","conversationId":"{{id}}","cId":"u-{{id}}","channel":"rtm","startedAt":"2026-05-04T08:00:00Z","""
        + $$"""
        "messages":[{{{item}}}]}
        """;

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>One member with the plainest header.</summary>
    private static byte[] Packed(byte[] content)
    {
        // The framework writes no member at all where there is no content.
        if (content.Length == 0)
            return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, .. new byte[8]];
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(content);
        return packed.ToArray();
    }

    /// <summary>CRC-32 as a member's trailer has it.</summary>
    private static byte[] Crc(byte[] content) => Packed(content)[^8..^4];

    /// <summary>One member whose header has all that RFC 1952 §2.3 allows.</summary>
    private static byte[] PackedWithNames(byte[] content, bool isHeaderCrcRight = true)
    {
        byte[] header = [0x1F, 0x8B, 8, 0b11110, 1, 2, 3, 4, 0, 3, 4, 0, (byte)'a', (byte)'b', 0, 0, .. "name.jsonl\0"u8,
            .. "a comment\0"u8];
        var crc = Crc(header);
        if (!isHeaderCrcRight)
            crc[0] ^= 1;
        return [.. header, crc[0], crc[1], .. Packed(content)[10..]];
    }

    private static IEnumerable<Func<string, OddFile>> Cuts(string bot)
    {
        for (var cut = 1; cut <= 40; cut++)
        {
            var by = cut;
            yield return id => new($"gzip less {by} bytes", Packed(Utf8(Lines(bot, id)))[..^by], null, Gzip);
            yield return id => new($"two members, less {by} bytes",
                [.. Packed(Utf8(Line(bot, id) + "\n")), .. Packed(Utf8(Lines(bot, id + "b")))[..^by]], null, Gzip);
            yield return id => new($"plain less {by} bytes", Utf8(Lines(bot, id))[..^by], by == 1 ? 3 : null, "it is not one JSON object");
        }
        var header = PackedWithNames([]).Length - Packed([]).Length + 10;
        for (var length = 1; length <= header; length++)
        {
            var rest = length;
            // A single byte of it shows nothing yet.
            var reason = rest == 1 ? "it is not one JSON object" : Gzip;
            yield return id => new($"{rest} bytes of a header with names", PackedWithNames(Utf8(Lines(bot, id)))[..rest], null, reason);
            if (rest <= 10)
                yield return id => new($"{rest} bytes of a header", Packed(Utf8(Lines(bot, id)))[..rest], null, reason);
            if (rest <= 10)
                yield return id =>
                    new($"{rest} bytes of a second header", [.. Packed(Utf8(Lines(bot, id))), .. Packed([])[..rest]], null, Gzip);
        }
        for (var flushed = 1; flushed <= 3; flushed++)
        {
            var lines = flushed;
            yield return id => new($"cut at flush point {lines}", Flushed(bot, id, lines), null, Gzip);
        }
        yield return id => new("flush points", Flushed(bot, id, null), 3);
    }

    private static byte[] Flushed(string bot, string id, int? cutAfter)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var n = 1; n <= 3; n++)
            {
                gzip.Write(Utf8(Line(bot, $"{id}-{n}") + "\n"));
                gzip.Flush();
                if (n == cutAfter)
                    return packed.ToArray();
            }
        }
        return packed.ToArray();
    }

    private static IEnumerable<Func<string, OddFile>> Members(string bot)
    {
        byte[] Whole(string id) => Packed(Utf8(Lines(bot, id)));
        byte[] Changed(string id, int at, byte by)
        {
            var file = Whole(id);
            file[at < 0 ? file.Length + at : at] ^= by;
            return file;
        }
        foreach (var zeros in new[] { 1, 2, 511, 70_000 })
            yield return id => new($"{zeros} zeros behind", [.. Whole(id), .. new byte[zeros]], 3);
        foreach (var junk in new[] { "x", "\n", "\u001f", "junk", "\0\0x", "\0\u001f", "{}\n", "PK\u0003\u0004" })
            yield return id => new($"junk behind: {JsonSerializer.Serialize(junk)}", [.. Whole(id), .. Utf8(junk)], null, Gzip);
        yield return id => new("lines behind that are not compressed", [.. Whole(id), .. Utf8(Lines(bot, id + "b"))], null, Gzip);
        yield return id => new("a member behind zeros", [.. Whole(id), 0, .. Packed([])], null, Gzip);
        yield return id => new("all that a header may have", PackedWithNames(Utf8(Lines(bot, id))), 3);
        yield return id =>
            new("a wrong checksum of the header", PackedWithNames(Utf8(Lines(bot, id)), isHeaderCrcRight: false), null, Gzip);
        yield return id => new("an empty member first", [.. Packed([]), .. Whole(id)], 3);
        yield return id => new("an empty member last", [.. Whole(id), .. Packed([])], 3);
        yield return id => new("a member for each byte", [.. Utf8(Lines(bot, id)).SelectMany(one => Packed([one]))], 3);
        for (var flag = 5; flag < 8; flag++)
        {
            var bit = flag;
            yield return id => new($"reserved flag {bit}", Changed(id, 3, (byte)(1 << bit)), null, Gzip);
        }
        yield return id => new("another method", Changed(id, 2, 1), null, Gzip);
        for (var at = 1; at <= 8; at++)
        {
            var place = at;
            yield return id => new($"a bit flipped {place} from the end", Changed(id, -place, 4), null, Gzip);
        }
        for (var at = 10; at < 100; at += 15)
        {
            var place = at;
            yield return id => new($"a bit flipped at {place}", Changed(id, place, 16), null, "");
        }
        yield return id => new("compressed twice", Packed(Whole(id)), null, "compressed twice");
    }

    private static IEnumerable<Func<string, OddFile>> Encodings(string bot)
    {
        foreach (var encoding in new Encoding[] { Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32,
            new UTF32Encoding(bigEndian: true, byteOrderMark: true) })
        {
            var name = encoding is UTF32Encoding ? "UTF-32" : "UTF-16";
            yield return id =>
                new($"{encoding.EncodingName} with a mark", [.. encoding.Preamble, .. encoding.GetBytes(Lines(bot, id))], null, name);
            yield return id => new($"{encoding.EncodingName} without", encoding.GetBytes(Lines(bot, id)), null, name);
            yield return id => new($"{encoding.EncodingName}, compressed",
                Packed([.. encoding.Preamble, .. encoding.GetBytes(Lines(bot, id))]), null, name);
        }
        yield return id => new("a mark first", [0xEF, 0xBB, 0xBF, .. Utf8(Lines(bot, id))], 3);
        yield return id =>
            new("marks before lines", Utf8(string.Concat(Enumerable.Range(1, 3).Select(n => $"\uFEFF{Line(bot, $"{id}-{n}")}\n"))), 3);
        yield return id => new("a mark and nothing else on a line", Utf8($"\uFEFF\n{Lines(bot, id)}\uFEFF"), 3);
        yield return id => new("two marks", Utf8($"\uFEFF\uFEFF{Lines(bot, id)}"), null, "");
        yield return id =>
            new("Latin-1", Encoding.Latin1.GetBytes(Lines(bot, id) + Line(bot, id, "\"text\":\"h\u00e9llo\"")), null, "it is not UTF-8");
        yield return id => new("half a character at the end", [.. Utf8(Lines(bot, id)), 0xC3], null, "it is not UTF-8");
        yield return id =>
            new("a surrogate in UTF-8", [.. Utf8(Lines(bot, id)), (byte)'"', 0xED, 0xA0, 0x80, (byte)'"'], null, "it is not UTF-8");
        yield return id => new("zeros behind plain lines", [.. Utf8(Lines(bot, id)), 0, 0, 0], null, "it is not one JSON object");
    }

    private static IEnumerable<Func<string, OddFile>> Forms(string bot)
    {
        yield return id => new("no newline at the end", Utf8(Lines(bot, id).TrimEnd()), 3);
        yield return id => new("carriage returns and blank lines",
            Utf8($"\r\n \t\r\n{Lines(bot, id).Replace("\n", "\r\n\n", StringComparison.Ordinal)}"), 3);
        yield return id => new("carriage returns alone", Utf8(Lines(bot, id).Replace('\n', '\r')), null, "");
        yield return id => new("nothing", [], null, "no conversation");
        yield return id => new("blank lines", Utf8("\n \r\n\t"), null, "no conversation");
        yield return id => new("nothing, compressed", Packed([]), null, "no conversation");
        yield return id => new("an array", Utf8($"[{Line(bot, id)},{Line(bot, id + "b")}]"), null, "JSON array");
        yield return id => new("an array over several lines", Utf8($"[\n{Line(bot, id)},\n{Line(bot, id + "b")}\n]\n"), null, "JSON array");
        yield return id => new("an object over several lines", Utf8(Line(bot, id).Replace(",\"", ",\n\"", StringComparison.Ordinal)), null,
            "several lines");
        yield return id =>
            new("CSV", Utf8($"botId,conversationId,cId,channel,startedAt\n{bot},{id},u-1,rtm,2026-05-04T08:00:00Z\n"), null, "CSV");
        yield return id => new("CSV in quotes", Utf8($"\"botId\";\"conversationId\"\n\"{bot}\";\"{id}\"\n"), null, "CSV");
        yield return id => new("two objects on a line", Utf8($"{Line(bot, id)}{Line(bot, id + "b")}\n"), null, "it is not one JSON object");
        yield return id => new("a comma behind the first line", Utf8(Lines(bot, id).Replace("}\n", "},\n", StringComparison.Ordinal)),
            null, "it is not one JSON object");
        yield return id => new("a comment", Utf8($"// export\n{Lines(bot, id)}"), null, "");
        foreach (var (name, start) in new (string, byte[])[]
        {
            ("zip", [(byte)'P', (byte)'K', 3, 4]), ("Zstandard", [0x28, 0xB5, 0x2F, 0xFD]), ("bzip2", [.. "BZh9"u8]),
            ("xz", [0xFD, .. "7zXZ"u8, 0]),
        })
            yield return id => new(name, [.. start, .. Utf8(Lines(bot, id))], null, $"{name}");
    }

    /// <summary>A line's members one after the other, each beginning elsewhere, forwards and backwards.</summary>
    private static IEnumerable<Func<string, OddFile>> Orders(string bot)
    {
        for (var first = 0; first < 12; first++)
        {
            var start = first;
            yield return id => new($"members in order {start}",
                Utf8(string.Concat(Enumerable.Range(1, 3).Select(n => Turned(Line(bot, $"{id}-{n}"), start) + "\n"))), 3);
        }
    }

    private static string Turned(string line, int start)
    {
        string[] members = [.. JsonDocument.Parse(line).RootElement.EnumerateObject().Select(member =>
            $"\"{member.Name}\" : {member.Value.GetRawText()}")];
        if (start >= members.Length)
            Array.Reverse(members);
        var turn = start % members.Length;
        return $"{{{string.Join(" , ", (string[])[.. members[turn..], .. members[..turn]])}}}";
    }

    private static OddFile Second(string bot, string id, string name, string line, int? conversations, string reason) =>
        new(name, Utf8($"{Line(bot, id)}\n{line}\n{Line(bot, id + "c")}\n"), conversations, conversations is null ? reason : "");

    private static OddFile WithItem(string bot, string id, string item, int? conversations, string reason) =>
        Second(bot, id, item.Length > 60 ? item[..60] : item, Line(bot, id + "b", item), conversations, reason);

    private static IEnumerable<Func<string, OddFile>> Doubles(string bot)
    {
        foreach (var item in new[]
        {
            "\"text\":\"first\",\"text\":\"second\"", "\"text\":1,\"text\":1", "\"a\":{\"b\":1,\"c\":2,\"b\":3}",
            "\"a\":[[{\"b\":1,\"b\":2}]]",
            "\"text\":1,\"te\\u0078t\":2", "\"\":1,\"\":2", "\"a\":{\"a\":{\"a\":{\"b\":null,\"b\":null}}}",
            "\"createdOn\":\"2026-05-04T08:00:00Z\",\"createdOn\":\"2026-05-04T08:00:00Z\"",
        })
            yield return id => WithItem(bot, id, item, null, "messages\\[0\\].*more than once");
        foreach (var member in new[] { "botId", "conversationId", "cId", "channel", "startedAt", "messages" })
        {
            yield return id => Second(
                bot, id, $"{member} twice", Line(bot, id + "b").Replace("{\"botId\"", $"{{\"{member}\":[],\"botId\"",
                    StringComparison.Ordinal), null, $"{member} is there more than once");
        }
        yield return id => WithItem(bot, id, "\"a\":{\"b\":1},\"c\":{\"b\":1},\"A\":2", 3, "");
    }

    private static IEnumerable<Func<string, OddFile>> Numbers(string bot)
    {
        foreach (var (number, fits) in NumberCases)
            yield return id => WithItem(bot, id, $"\"n\":{number}", fits ? 3 : null, "messages\\[0\\].*number");
        yield return id => WithItem(bot, id, "\"n\":[{\"m\":[1e140000]}]", null, "messages\\[0\\].*number");
        foreach (var number in new[] { "01", "+1", ".5", "1.", "NaN", "-Infinity", "0x1F", "1_000", "1e" })
            yield return id => WithItem(bot, id, $"\"n\":{number}", null, "it is not one JSON object");
    }

    /// <summary>At the bounds of PostgreSQL's numeric: 131,072 digits before the point and 16,383 behind it.</summary>
    public static readonly (string Number, bool Fits)[] NumberCases =
    [
        ("1e131071", true), ("9.99e131071", true), ("1e131072", false), ("10e131071", false), ("0.1e131072", true), ("0.001e131074", true),
        ("0.01e131074", false),
        ("-1e140000", false), ("1e999999", false), ("1e2147483648", false), ("1e99999999999999999999", false),
        ("1e-99999999999999999999", false),
        ("1e-16383", true), ("1e-16384", false), ("0.1e-16382", true), ("0.1e-16383", false), ("10e-16384", false), ("0e-16384", false),
        ("0e200000", true),
        ("0.0e-16382", true), ("0.0e-16383", false), ("0e1073741822", true), ("0e1073741823", false), ("0e-1073741823", false),
        ("-0", true), ("-0.0", true),
        (new string('9', 131_072), true), (new string('9', 131_073), false), ($"0.{new string('3', 16_383)}", true),
        ($"0.{new string('3', 16_384)}", false),
        ($"0.{new string('3', 16_384)}e1", true), ($"{new string('7', 100)}.{new string('3', 16_383)}", true),
        ("12345678901234567890.123456789", true), ("1E+400", true),
        ($"1{new string('0', 131_072)}e-1", true), ($"1{new string('0', 131_072)}e-2", true), ($"0.{new string('0', 40)}1e131112", true),
        ($"0.{new string('0', 40)}1e131113", false),
    ];

    private static IEnumerable<Func<string, OddFile>> Texts(string bot)
    {
        foreach (var item in new[] { "\"text\":\"a\\u0000b\"", "\"a\\u0000b\":1", "\"a\":[{\"b\":[\"\\u0000\"]}]" })
            yield return id => WithItem(bot, id, item, null, "it holds the character U\\+0000");
        foreach (var item in new[] { "\"text\":\"\\ud83d\"", "\"text\":\"\\ude00\"", "\"text\":\"\\ude00\\ud83d\"", "\"\\ud83d\":1",
            "\"a\":[{\"b\":[\"\\uD83Dx\"]}]" })
            yield return id => WithItem(bot, id, item, null, "it holds half a surrogate pair");
        yield return id => WithItem(bot, id, "\"text\":\"\\ud83d\\ude00 \\\\u0000 \\uffff\"", 3, "");
        foreach (var (depth, fits) in new[] { (61, true), (62, false), (1_000, false), (100_000, false) })
            yield return id => WithItem(bot, id, $"\"n\":{new string('[', depth)}{new string(']', depth)}", fits ? 3 : null,
                "it is nested deeper than 64 levels");
        yield return id => WithItem(bot, id, $"\"n\":{new string('[', 1_000)}", null, "it is not one JSON object");
        yield return id => Second(bot, id, "a lone surrogate in an id", Line(bot, id + "\\ud83d"), null, "it holds half a surrogate pair");
        yield return id => Second(bot, id, "U+0000 in an id", Line(bot, id + "\\u0000"), null, "(conversationId|cId) must be");
        yield return id => Second(bot, id, "an id too long", Line(bot, id + new string('x', 128)), null, "(conversationId|cId) must be");
    }

    private static IEnumerable<Func<string, OddFile>> Instants(string bot)
    {
        foreach (var (instant, fits) in new[]
        {
            ("0001-01-01T00:00:00Z", false), ("0001-01-01T00:00:00.001Z", true), ("9999-12-31T23:59:59.999Z", true),
            ("9999-12-31T23:59:59.9999999Z", true),
            ("9999-12-31T23:59:59-01:00", false), ("0001-01-01T00:00:00+01:00", false), ("2026-02-30T00:00:00Z", false),
            ("2026-05-04T24:00:00Z", false),
            ("2026-05-04T23:59:60Z", false), ("2026-05-04T08:00:00", false), ("2026-05-04", false), ("+012026-05-04T08:00:00Z", false),
            ("2026-05-04T08:00:00+15:00", false),
            ("-0001-05-04T08:00:00Z", false),
        })
            yield return id => WithItem(bot, id, $"\"createdOn\":\"{instant}\"", fits ? 3 : null, "messages\\[0\\].createdOn must be");
        foreach (var instant in new[] { "2999-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "1999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
            "2026-05-04T08:00:00" })
        {
            yield return id => Second(
                bot, id, $"startedAt {instant}", Line(bot, id + "b").Replace("2026-05-04T08:00:00Z", instant, StringComparison.Ordinal),
                    null, "(the conversation start|startedAt)");
        }
    }
}
