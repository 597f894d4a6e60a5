using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// The JSON Canonicalization Scheme (RFC 8785) for the JSON of log leaves. Members are sorted by their UTF-16 code units (§3.2.3).
/// Escapes are the shortest (§3.2.2.2). There is no white space. Numbers are integers up to 2^53 - 1 in magnitude. Every JSON reader
/// gives those back unchanged.
/// </summary>
public static class Jcs
{
    /// <summary>2^53 - 1, the largest number.</summary>
    public const long MaxInteger = (1L << 53) - 1;

    /// <summary>Maximum depth of nested objects and arrays.</summary>
    public const int MaxDepth = 32;

    /// <summary>The bytes of a canonical string, with its quotes, that has no escapes and only ASCII.</summary>
    private static readonly SearchValues<byte> s_plain = SearchValues.Create(
        [.. Enumerable.Range(' ', '~' - ' ' + 1).Where(octet => octet != '\\').Select(octet => (byte)octet)]);

    /// <summary>The canonical form of a JSON text.</summary>
    /// <exception cref="FormatException">
    /// The text is not JSON, or has a duplicate member, another kind of number, half of a surrogate pair, or more than
    /// <see cref="MaxDepth"/> levels.
    /// </exception>
    public static byte[] Canonicalize(ReadOnlySpan<byte> json)
    {
        var result = new ArrayBufferWriter<byte>(json.Length + 16);
        Write(json, result);
        return result.WrittenSpan.ToArray();
    }

    /// <inheritdoc cref="Canonicalize"/>
    public static void Write(ReadOnlySpan<byte> json, IBufferWriter<byte> result)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            using var document = JsonDocument.ParseValue(ref reader);
            if (reader.Read()) // throws: there is one value, and nothing but white space after it
                throw new FormatException("more than one JSON value");
            WriteValue(document.RootElement, result, MaxDepth);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader's own message names a place, and may quote what is there.
            throw new FormatException("not JSON that a leaf may hold", e);
        }
    }

    /// <summary>Writes one value canonically.</summary>
    /// <exception cref="FormatException">As for <see cref="Canonicalize"/>.</exception>
    public static void Write(JsonElement value, IBufferWriter<byte> result)
    {
        try
        {
            WriteValue(value, result, MaxDepth);
        }
        catch (InvalidOperationException e) // a string that is not Unicode
        {
            throw new FormatException("not JSON that a leaf may hold", e);
        }
    }

    private static void WriteValue(JsonElement value, IBufferWriter<byte> result, int depth)
    {
        if (depth == 0 && value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            throw new FormatException($"JSON nested deeper than {MaxDepth}");
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(value, result, depth - 1);
                break;
            case JsonValueKind.Array:
                WriteArray(value, result, depth - 1);
                break;
            case JsonValueKind.String:
                WriteString(value, result);
                break;
            case JsonValueKind.Number:
                WriteNumber(value, result);
                break;
            default:
                result.Write(
                    value.ValueKind switch
                    {
                        JsonValueKind.True => "true"u8,
                        JsonValueKind.False => "false"u8,
                        JsonValueKind.Null => "null"u8,
                        _ => throw new FormatException("no JSON value"),
                    }
                );
                break;
        }
    }

    private static void WriteString(JsonElement value, IBufferWriter<byte> result)
    {
        var written = JsonMarshal.GetRawUtf8Value(value);
        if (written.ContainsAnyExcept(s_plain))
            WriteString(value.GetString()!, result);
        else
            result.Write(written); // it is canonical already, with its quotes
    }

    /// <summary>Writes a string canonically.</summary>
    /// <exception cref="FormatException">The string has half of a surrogate pair.</exception>
    public static void WriteString(string value, IBufferWriter<byte> result)
    {
        _ = Base64.Utf8Length(value);
        result.Write("\""u8);
        var from = 0;
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] >= ' ' && value[i] is not ('"' or '\\'))
                continue;
            WriteUtf8(value.AsSpan(from, i - from), result);
            WriteEscape(value[i], result);
            from = i + 1;
        }
        WriteUtf8(value.AsSpan(from), result);
        result.Write("\""u8);
    }

    private static void WriteArray(JsonElement value, IBufferWriter<byte> result, int depth)
    {
        result.Write("["u8);
        var isFirst = true;
        foreach (var item in value.EnumerateArray())
        {
            result.Write(isFirst ? ""u8 : ","u8);
            isFirst = false;
            WriteValue(item, result, depth);
        }
        result.Write("]"u8);
    }

    private static void WriteObject(JsonElement value, IBufferWriter<byte> result, int depth)
    {
        var (names, members) = (new string[value.GetPropertyCount()], new JsonElement[value.GetPropertyCount()]);
        var next = 0;
        foreach (var member in value.EnumerateObject())
            (names[next], members[next++]) = (member.Name, member.Value); // decoded once: "\u0061" and "a" are one name
        Array.Sort(names, members, StringComparer.Ordinal);
        result.Write("{"u8);
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0 && names[i] == names[i - 1])
                throw new FormatException("a JSON object names a member twice");
            result.Write(i == 0 ? ""u8 : ","u8);
            WriteString(names[i], result);
            result.Write(":"u8);
            WriteValue(members[i], result, depth);
        }
        result.Write("}"u8);
    }

    private static void WriteNumber(JsonElement value, IBufferWriter<byte> result)
    {
        Span<byte> digits = stackalloc byte[20];
        if (!value.TryGetInt64(out var number)
            || number is > MaxInteger or < -MaxInteger
            || !number.TryFormat(digits, out var length, provider: CultureInfo.InvariantCulture)
            || !JsonMarshal.GetRawUtf8Value(value).SequenceEqual(digits[..length]))
            throw new FormatException("a number is not an integer up to 2^53 - 1 in magnitude");
        result.Write(digits[..length]);
    }

    private static void WriteEscape(char c, IBufferWriter<byte> result) => result.Write(c switch
    {
        '"' => "\\\""u8,
        '\\' => "\\\\"u8,
        '\b' => "\\b"u8,
        '\t' => "\\t"u8,
        '\n' => "\\n"u8,
        '\f' => "\\f"u8,
        '\r' => "\\r"u8,
        _ => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")),
    });

    private static void WriteUtf8(ReadOnlySpan<char> text, IBufferWriter<byte> result)
    {
        if (!text.IsEmpty)
            Encoding.UTF8.GetBytes(text, result);
    }
}
