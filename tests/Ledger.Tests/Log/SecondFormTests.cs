using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Log.Sequencing;

namespace Ledger.Tests.Log;

/// <summary>Both ways from an event's row to its leaf hash agree, also in what they refuse.</summary>
public sealed class SecondFormTests
{
    private static readonly DateTimeOffset s_at = new(2026, 5, 8, 6, 22, 56, 97, TimeSpan.Zero);

    [Fact]
    public void Both_forms_give_the_same_leaf_for_any_JSON_that_a_leaf_may_hold() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(300),
            Prop.ForAll(
                Arb.From(Values(4)), node => Assert.Equal(First(node?.ToJsonString() ?? "null"), Second(node?.ToJsonString() ?? "null")))
        );

    [Theory]
    [InlineData("""{"b":1,"a":{"z":[],"é":"é","\u20ac":"\u0007\b\f\n\r\t\\\"/\u2028","":{}},"A":-9007199254740991,"t":[true,false,null,0]}""")]
    [InlineData("\"\U0001F600\"")]
    public void Both_forms_give_the_same_leaf(string data) => Assert.Equal(First(data), Second(data));

    [Theory]
    [InlineData("1.5")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("9007199254740992")]
    [InlineData("-9007199254740992")]
    [InlineData("99999999999999999999")]
    public void Both_forms_refuse_what_is_no_integer_below_2_to_the_53(string number)
    {
        Assert.Throws<LogException>(() => First($$"""{"n":{{number}}}"""));
        Assert.Throws<FormatException>(() => Second($$"""{"n":{{number}}}"""));
    }

    private static byte[] First(string data) => MerkleTree.LeafHash(Leaf(data).Entry());

    private static byte[] Second(string data) => SecondForm.LeafHash(Leaf(data));

    private static StoredLeaf Leaf(string data) =>
        new(0, "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c", 7, "conversation_deleted", s_at, Encoding.UTF8.GetBytes(data));

    private static Gen<JsonNode?> Values(int depth)
    {
        var text = Gen.Elements("", "a", "aa", "é", "\"", "\\", "\u0001", "\n", "z", "€", "\U0001F600", "ﬀ", "/");
        var leaf = Gen.OneOf(
            text.Select(value => (JsonNode?)JsonValue.Create(value)),
            Gen.Choose(int.MinValue, int.MaxValue).Select(number => (JsonNode?)JsonValue.Create(number * 2_000_000L)),
            Gen.Elements(true, false).Select(value => (JsonNode?)JsonValue.Create(value)),
            Gen.Constant<JsonNode?>(null)
        );
        return depth == 0
            ? leaf
            : Gen.OneOf(
                leaf,
                Values(depth - 1).ListOf().Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])),
                Gen.Zip(text, Values(depth - 1))
                    .ListOf()
                    .Select(members =>
                        (JsonNode?)
                            new JsonObject(
                                members
                                    .DistinctBy(member => member.Item1)
                                    .Select(member => KeyValuePair.Create(member.Item1, member.Item2?.DeepClone()))
                            )
                    )
            );
    }
}
