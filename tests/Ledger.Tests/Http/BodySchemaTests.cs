using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ledger.Api;
using Ledger.Api.LegalHolds;
using Ledger.Api.Reference;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Microsoft.OpenApi;

namespace Ledger.Tests.Http;

/// <summary>A schema follows from the type that is written: a new member needs no line in the reference.</summary>
public sealed class BodySchemaTests
{
    /// <summary>What a whole number may be: a count of something, or one of the few others.</summary>
    private static readonly string[] s_units =
    [
        "conversation", "message", "transcript", "recording", "attachment", "logs", "leaf", "leaves", "events", "runs", "attempt", "days",
        "index", "version", "ordinal", "code",
    ];

    [Description("A body.")]
    private sealed record Sample(
        JobId Job,
        [property: Description("A time.")] DateTimeOffset At,
        [property: Description("A time or null.")] DateTimeOffset? Ended,
        [property: Description("A word.")] JobOutcome Outcome,
        JobOutcome? LastOutcome,
        long Count,
        int? Rest,
        string Text,
        string? Note,
        byte[] Root,
        IReadOnlyDictionary<SkipReason, long> Skipped,
        [property: MinLength(1)] IReadOnlyList<string> Names,
        IReadOnlyList<JobId> Jobs,
        IReadOnlyDictionary<string, DateTimeOffset> Times,
        [property: AllowedValues("a", "b")] string Closed,
        [property: RegularExpression("^x$")] string Shaped,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Absent,
        [property: JsonIgnore] string Secret = "",
        int Defaulted = 3);

    [Fact]
    public void Members_that_are_written_with_null_are_required_and_may_be_null()
    {
        var schema = Json(BodySchema.Of(Type<Sample>(JsonIgnoreCondition.Never)));
        Same("""
            ["job","at","ended","outcome","lastOutcome","count","rest","text","note","root","skipped",
             "names","jobs","times","closed","shaped","defaulted"]
            """, schema["required"]);
        Assert.Equal("A body.", (string?)schema["description"]);
        var members = schema["properties"]!;
        Same($$"""{"type":"string","pattern":"{{JobId.Pattern}}","description":"`cdj-` and a version-5 UUID."}""", members["job"]);
        var instant = $"\"format\":\"date-time\",\"pattern\":{JsonSerializer.Serialize(Instant.Pattern)}";
        Same($$"""{"type":"string",{{instant}},"description":"A time. UTC, milliseconds, `Z`."}""", members["at"]);
        Same($$"""{"type":["null","string"],{{instant}},"description":"A time or null. UTC, milliseconds, `Z`."}""", members["ended"]);
        Same("""{"type":"string","enum":["completed","failed","cancelled"],"description":"A word."}""", members["outcome"]);
        Same(
            """{"type":["null","string"],"enum":["completed","failed","cancelled",null],"description":"How the job ended."}""",
            members["lastOutcome"]);
        Same("""{"type":"integer","format":"int64","minimum":0}""", members["count"]);
        Same("""{"type":["null","integer"],"format":"int64","minimum":0}""", members["rest"]);
        Same("""{"type":"integer","format":"int64","minimum":0}""", members["defaulted"]);
        Same("""{"type":"string"}""", members["text"]);
        Same("""{"type":["null","string"]}""", members["note"]);
        Same("""{"type":"string","format":"byte"}""", members["root"]);
        Same("""{"type":"array","items":{"type":"string"},"minItems":1}""", members["names"]);
        Same(
            $$$"""
            {"type":"array",
             "items":{"type":"string","pattern":"{{{JobId.Pattern}}}","description":"`cdj-` and a version-5 UUID."}}
            """,
            members["jobs"]);
        Same($"{{\"type\":\"object\",\"additionalProperties\":{{\"type\":\"string\",{instant}}}}}", members["times"]);
        Same("""{"type":"string","enum":["a","b"]}""", members["closed"]);
        Same("""{"type":"string","pattern":"^x$"}""", members["shaped"]);
        Same("""{"type":"string"}""", members["absent"]);
        Assert.Null(members["secret"]);
    }

    [Fact]
    public void Members_that_are_left_out_for_null_are_not_required_and_never_null()
    {
        var schema = Json(BodySchema.Of(Type<Sample>(JsonIgnoreCondition.WhenWritingNull)));
        Same(
            """["job","at","outcome","count","text","root","skipped","names","jobs","times","closed","shaped","defaulted"]""",
            schema["required"]);
        Assert.Equal("string", (string?)schema["properties"]!["ended"]!["type"]);
        Same("""["completed","failed","cancelled"]""", schema["properties"]!["lastOutcome"]!["enum"]);
    }

    [Fact]
    public void Counts_by_a_closed_list_have_its_words_for_members_and_none_is_required()
    {
        var skipped = Json(BodySchema.Of(Type<Sample>(JsonIgnoreCondition.Never)))["properties"]!["skipped"]!.AsObject();
        Assert.Equal(
            ["retention", "not_found", "already_erased", "legal_hold", "cancelled"],
            skipped["properties"]!.AsObject().Select(member => member.Key));
        Same("""{"type":"integer","format":"int64","minimum":0,"description":"Out of retention."}""", skipped["properties"]!["retention"]);
        Assert.False(skipped.ContainsKey("required") || skipped.ContainsKey("additionalProperties"));
    }

    [Fact]
    public void A_converter_that_nobody_described_is_an_error()
    {
        var options = Options(JsonIgnoreCondition.Never);
        options.Converters.Add(new Shouting());
        Assert.Throws<NotSupportedException>(() => BodySchema.Of(options.GetTypeInfo(typeof(string))));
    }

    [Fact]
    public void Every_member_of_every_body_has_a_description_a_whole_number_its_unit_and_a_list_its_items()
    {
        var members = Schemas.All.SelectMany(schema => Members(schema.Key, "", Json(schema.Value))).ToList();
        Assert.True(members.Count > 150, $"{members.Count}");
        Assert.Empty(members.Where(member => string.IsNullOrWhiteSpace(Words(member.Schema))).Select(member => member.Name));
        Assert.Empty(
            members
                .Where(member => Types(member.Schema).Contains("integer"))
                .Where(member => !s_units.Any(unit => member.Words.Contains(unit, StringComparison.OrdinalIgnoreCase)))
                .Select(member => $"{member.Name}: {member.Words}")
        );
        Assert.Empty(
            members
                .Where(member => Types(member.Schema).Contains("array") && !member.Schema.ContainsKey("items"))
                .Select(member => member.Name)
        );
    }

    /// <summary>Requests are parsed by hand, and so are their schemas.</summary>
    [Fact]
    public void The_schemas_of_requests_have_the_members_that_the_parsers_know()
    {
        var either = Json(Schemas.All["DeletionRequest"])["oneOf"]!.AsArray();
        Assert.All(
            either,
            one =>
            {
                Assert.Equal(DeletionRequestMembers.Names.Order(), one!["properties"]!.AsObject().Select(member => member.Key).Order());
                Assert.False((bool)one["additionalProperties"]!);
            });
        Assert.All(Json(Schemas.All["LegalHoldRequest"])["oneOf"]!.AsArray(), one =>
        {
            Assert.Equal(
                LegalHoldRequest.Names.Order(), one!["properties"]!.AsObject().Select(member => member.Key).Order());
            Assert.False((bool)one["additionalProperties"]!);
        });
        var proof = Json(Schemas.All["ConversationProofRequest"]);
        Assert.Equal([ConversationProofRequest.Member], proof["properties"]!.AsObject().Select(member => member.Key));
        Assert.False((bool)proof["additionalProperties"]!);
    }

    /// <summary>Every member at any depth, with its words. Counts by reason have the unit of the whole.</summary>
    private static IEnumerable<(string Name, string Words, JsonObject Schema)> Members(string name, string words, JsonNode? schema)
    {
        if (schema is JsonArray list)
            return list.SelectMany(one => Members(name, words, one));
        if (schema is not JsonObject here)
            return [];
        var unit = here.ContainsKey("required") ? "" : Words(here);
        var own = (here["properties"] as JsonObject ?? []).Select(member => (
            Name: $"{name}.{member.Key}", Words: $"{unit} {Words(member.Value!.AsObject())}", Schema: member.Value!.AsObject()));
        return own.SelectMany(member => Members(member.Name, member.Words, member.Schema).Prepend(member))
            .Concat(Members(name, words, here["items"]))
            .Concat(Members(name, words, here["oneOf"]));
    }

    private static string? Words(JsonObject schema) => (string?)schema["description"];

    private static IEnumerable<string> Types(JsonObject schema) =>
        schema["type"] switch
        {
            JsonArray several => several.Select(one => (string)one!),
            null => [],
            var one => [(string)one!],
        };

    private static JsonTypeInfo Type<T>(JsonIgnoreCondition nulls) => Options(nulls).GetTypeInfo(typeof(T));

    private static JsonSerializerOptions Options(JsonIgnoreCondition nulls) =>
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = nulls,
            Converters = { new InstantConverter(), new JsonStringEnumConverter() },
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };

    /// <summary>As the document has it.</summary>
    private static JsonNode Json(OpenApiSchema schema)
    {
        var text = new StringWriter();
        schema.SerializeAsV31(new OpenApiJsonWriter(text));
        return JsonNode.Parse(text.ToString())!;
    }

    private static void Same(string expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"{expected}\n{actual?.ToJsonString()}");

    private sealed class Shouting : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToUpperInvariant());
    }
}
