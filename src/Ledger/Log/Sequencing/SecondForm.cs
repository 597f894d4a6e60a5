using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ledger.Log.Sequencing;

/// <summary>
/// The leaf hash of an event by a second code path, which shares nothing with <see cref="Contracts.Transparency.LeafEntry"/>. So a bug in
/// one of them does not get signed.
/// </summary>
internal static class SecondForm
{
    /// <exception cref="FormatException">Such an event cannot be a leaf.</exception>
    public static byte[] LeafHash(StoredLeaf leaf)
    {
        var text = new StringBuilder(512);
        Append(text.Append('\0'), new JsonObject
        {
            ["v"] = 1,
            ["stream"] = leaf.Stream,
            ["version"] = leaf.Version,
            ["type"] = leaf.Type,
            ["at"] = leaf.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
            ["data"] = JsonNode.Parse(leaf.Data),
        });
        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>SHA-256 over 0x01 and two hashes.</summary>
    public static byte[] NodeHash(byte[] left, byte[] right) => SHA256.HashData([1, .. left, .. right]);

    private static void Append(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                text.Append('{');
                text.AppendJoinOf(members.OrderBy(member => member.Key, StringComparer.Ordinal), member =>
                {
                    AppendString(text, member.Key);
                    text.Append(':');
                    Append(text, member.Value);
                });
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                text.AppendJoinOf(items, item => Append(text, item));
                text.Append(']');
                break;
            default:
                AppendValue(text, node.AsValue());
                break;
        }
    }

    private static void AppendJoinOf<T>(this StringBuilder text, IEnumerable<T> items, Action<T> append)
    {
        var start = text.Length;
        foreach (var item in items)
        {
            if (text.Length > start)
                text.Append(',');
            append(item);
        }
    }

    private static void AppendValue(StringBuilder text, JsonValue value)
    {
        switch (value.GetValueKind())
        {
            case System.Text.Json.JsonValueKind.String:
                AppendString(text, value.GetValue<string>());
                break;
            case System.Text.Json.JsonValueKind.Number:
                // ToJsonString gives a number as it was written: a fraction or an exponent is no integer.
                text.Append(
                    long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    && Math.Abs(number) < 1L << 53
                        ? number
                        : throw new FormatException("a number is not an integer")
                );
                break;
            default:
                text.Append(value.ToJsonString());
                break;
        }
    }

    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append("\\u00").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }
        text.Append('"');
    }
}
