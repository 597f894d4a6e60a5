using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Transparency;

namespace Ledger.Tests.Contracts.Transparency;

/// <summary>RFC 8785 for JSON whose numbers are integers.</summary>
public sealed class JcsTests
{
    /// <summary>Of RFC 8785 §3.2.2 and §3.2.3 and of its author's test data, with the numbers that are no integers left out.</summary>
    [Theory]
    [InlineData("""{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}""", """{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}""")]
    [InlineData("""[56,{"d":true,"10":null,"1":[]}]""", """[56,{"1":[],"10":null,"d":true}]""")]
    [InlineData("""{"1":{"f":{"f":"hi","F":5},"\n":56},"10":{},"":"empty","a":{},"111":[{"e":"yes","E":"no"}],"A":{}}""", """{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}""")]
    [InlineData("""{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}""", """{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}""")]
    [InlineData("""{"Unnormalized Unicode":"A\u030a"}""", "{\"Unnormalized Unicode\":\"A\u030a\"}")]
    [InlineData(
        """{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}""",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro "
        + "Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"
    )]
    [InlineData(
        """ "\u0000\u0001\b\t\n\u000b\f\r\u001f\u007f\u2028</script>" """,
        "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\u007f\u2028</script>\""
    )]
    [InlineData(" [ 0 , -1 , 9007199254740991 , -9007199254740991 ] ", "[0,-1,9007199254740991,-9007199254740991]")]
    [InlineData("\"\\ud83d\\ude00\"", "\"😀\"")]
    public void The_canonical_form_is_the_RFCs(string json, string expected)
    {
        Assert.Equal(expected, Canonical(json));
        Assert.Equal(expected, Canonical(expected));
    }

    [Theory]
    [InlineData("9007199254740992")]
    [InlineData("-9007199254740992")]
    [InlineData("99999999999999999999")]
    [InlineData("-0")]
    [InlineData("1.0")]
    [InlineData("1e2")]
    [InlineData("0.5")]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData("NaN")]
    [InlineData("")]
    [InlineData("{} {}")]
    [InlineData("[1,]")]
    [InlineData("// c\n1")]
    [InlineData("{\"a\":1,\"a\":1}")]
    [InlineData("{\"a\":1,\"\\u0061\":2}")]
    [InlineData("[{\"b\":{\"x\":1,\"y\":2,\"x\":3}}]")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\\udc00\\ud800\"")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("\"\t\"")]
    [InlineData("\ufeff1")]
    public void What_readers_would_give_back_differently_is_refused(string json) => Assert.Throws<FormatException>(() => Canonical(json));

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        Assert.Throws<FormatException>(() => Jcs.Canonicalize("\"\xff\""u8.ToArray().Select(b => b == 0xc3 ? (byte)0xff : b).ToArray()));
        Assert.Throws<FormatException>(() => Jcs.Canonicalize([(byte)'"', 0xed, 0xa0, 0x80, (byte)'"'])); // a surrogate, encoded
        Assert.Throws<FormatException>(() => Jcs.Canonicalize([(byte)'"', 0xc0, 0x80, (byte)'"'])); // not the shortest form
        Assert.Throws<FormatException>(() => LeafEntry.Encode("s\ud800", 1, "t", default, "{}"u8));
    }

    [Fact]
    public void It_nests_to_32_levels()
    {
        Assert.Equal(64, Canonical(new string('[', 32) + new string(']', 32)).Length);
        Assert.Throws<FormatException>(() => Canonical(new string('[', 33) + new string(']', 33)));
        using var deep = JsonDocument.Parse(new string('[', 33) + new string(']', 33));
        Assert.Throws<FormatException>(() => Jcs.Write(deep.RootElement, new System.Buffers.ArrayBufferWriter<byte>()));
        Assert.Throws<FormatException>(() => Canonical(new string('[', 100_000)));
    }

    [Fact]
    public void Another_implementation_agrees() => Prop.ForAll(Json(3).ToArbitrary(), node =>
    {
        var (expected, indented) = (Other(node), new JsonSerializerOptions { WriteIndented = true });
        foreach (var json in new[] { node?.ToJsonString() ?? "null", node?.ToJsonString(indented) ?? "null", expected })
            Assert.Equal(expected, Canonical(json));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    private static string Canonical(string json) => Encoding.UTF8.GetString(Jcs.Canonicalize(Encoding.UTF8.GetBytes(json)));

    /// <summary>
    /// A second implementation, on another object model and another order: UTF-16's code units compared as big-endian bytes.
    /// </summary>
    private static string Other(JsonNode? node) =>
        node switch
        {
            null => "null",
            JsonArray array => "[" + string.Join(',', array.Select(Other)) + "]",
            JsonObject members => "{"
                + string.Join(
                    ',',
                    members
                        .OrderBy(m => Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(m.Key)), StringComparer.Ordinal)
                        .Select(m => Text(m.Key) + ":" + Other(m.Value))
                )
                + "}",
            JsonValue value => value.GetValueKind() is JsonValueKind.String ? Text(value.GetValue<string>()) : value.ToJsonString(),
            _ => throw new InvalidOperationException(),
        };

    private static string Text(string value)
    {
        const string Short = "\b\t\n\f\r\"\\";
        return '"'
            + string.Concat(
                value.Select(c =>
                    Short.IndexOf(c, StringComparison.Ordinal) is >= 0 and var i ? $"\\{"btnfr\"\\"[i]}"
                    : c < 32 ? $"\\u00{(int)c:x2}"
                    : $"{c}"
                )
            )
            + '"';
    }

    private static Gen<JsonNode?> Json(int depth)
    {
        string[] pieces =
        [
            "", "a", "A", "aa", "\"", "\\", "/", "\0", "\u001f", "\n", "\r", "\t", "\b", "\f", "\u007f", "é", "e\u0301", "\u2028", "\ufb33",
            "\uffff", "😀", "\U00010000", "\U0010ffff", "<", "+",
        ];
        var texts = Gen.Elements(pieces).ListOf().Select(list => string.Concat(list.Take(4)));
        var simple = Gen.OneOf(
            texts.Select(text => (JsonNode?)JsonValue.Create(text)),
            Gen.Choose(int.MinValue, int.MaxValue).Select(n => (JsonNode?)JsonValue.Create(n * 4_194_303L)),
            Gen.Elements(true, false).Select(b => (JsonNode?)JsonValue.Create(b)),
            Gen.Constant((JsonNode?)null));
        if (depth == 0)
            return simple;
        var below = Json(depth - 1);
        return Gen.OneOf(
            simple,
            below.ListOf().Select(items => (JsonNode?)new JsonArray([.. items.Select(Copy)])),
            texts
                .Zip(below)
                .ListOf()
                .Select(members =>
                    (JsonNode?)new JsonObject(members.DistinctBy(m => m.Item1).Select(m => KeyValuePair.Create(m.Item1, Copy(m.Item2))))
                )
        );

        static JsonNode? Copy(JsonNode? node) => node?.DeepClone(); // a node has one parent
    }
}
