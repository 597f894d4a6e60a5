using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ledger.SystemTests.Reference;

/// <summary>
/// Validates JSON by the part of JSON Schema 2020-12 that the API's document uses. A keyword that it does not know is an error, so that
/// none is passed over.
/// </summary>
/// <param name="root">What a <c>$ref</c> points into: the document.</param>
/// <param name="strict">Also refuses members that an object's schema does not name, as nobody would know of them.</param>
internal sealed class JsonSchema(JsonElement root, bool strict = false)
{
    private static readonly HashSet<string> Annotations = ["title", "description", "default", "example", "examples", "deprecated"];

    /// <summary>Each place that breaks a rule, with the rule; empty if there is none.</summary>
    public IReadOnlyList<string> Problems(JsonElement schema, JsonElement value)
    {
        var problems = new List<string>();
        Check(schema, value, "$", problems);
        return problems;
    }

    private void Check(JsonElement schema, JsonElement value, string at, List<string> problems)
    {
        if (schema.ValueKind is JsonValueKind.True)
            return;
        foreach (var rule in schema.EnumerateObject())
        {
            if (Annotations.Contains(rule.Name))
                continue;
            if (rule.Name is "$ref")
                Check(Resolve(root, rule.Value.GetString()!), value, at, problems);
            else if (!Holds(schema, rule, value, at, problems))
                problems.Add($"{at}: {value.GetRawText()} breaks {rule.Name} {rule.Value.GetRawText()}");
        }
        if (strict
            && value.ValueKind == JsonValueKind.Object
            && schema.TryGetProperty("properties", out var known)
            && !schema.TryGetProperty("additionalProperties", out _))
            problems.AddRange(
                value
                    .EnumerateObject()
                    .Where(member => !known.TryGetProperty(member.Name, out _))
                    .Select(member => $"{at}: nobody says what {member.Name} is")
            );
    }

    private bool Holds(JsonElement schema, JsonProperty rule, JsonElement value, string at, List<string> problems) =>
        rule.Name switch
        {
            "type" => Types(rule.Value).Any(type => Is(type, value)),
            "enum" => rule.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
            "const" => JsonElement.DeepEquals(rule.Value, value),
            "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, rule.Value.GetString()!),
            "minLength" => value.ValueKind != JsonValueKind.String || Characters(value) >= rule.Value.GetInt32(),
            "maxLength" => value.ValueKind != JsonValueKind.String || Characters(value) <= rule.Value.GetInt32(),
            "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() >= rule.Value.GetDecimal(),
            "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() <= rule.Value.GetDecimal(),
            "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= rule.Value.GetInt32(),
            "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= rule.Value.GetInt32(),
            "minProperties" => value.ValueKind != JsonValueKind.Object || value.GetPropertyCount() >= rule.Value.GetInt32(),
            "required" => value.ValueKind != JsonValueKind.Object
                || rule.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
            "format" => HasFormat(rule.Value.GetString()!, value),
            "items" => Each(value, JsonValueKind.Array, () => EachItem(rule.Value, value, at, problems)),
            "properties" => Each(value, JsonValueKind.Object, () => EachMember(rule.Value, value, at, problems)),
            "additionalProperties" => Each(value, JsonValueKind.Object, () => EachOther(schema, rule.Value, value, at, problems)),
            "oneOf" => rule.Value.EnumerateArray().Count(one => Problems(one, value).Count == 0) == 1,
            "anyOf" => rule.Value.EnumerateArray().Any(one => Problems(one, value).Count == 0),
            "allOf" => rule.Value.EnumerateArray().All(one => Problems(one, value).Count == 0),
            "not" => Problems(rule.Value, value).Count > 0,
            _ => throw new InvalidOperationException($"JsonSchema does not know the keyword {rule.Name}: teach it"),
        };

    private static bool Each(JsonElement value, JsonValueKind kind, Action check)
    {
        if (value.ValueKind == kind)
            check();
        return true; // what is wrong is told by its own place
    }

    private void EachItem(JsonElement schema, JsonElement value, string at, List<string> problems)
    {
        var index = 0;
        foreach (var item in value.EnumerateArray())
            Check(schema, item, $"{at}[{index++}]", problems);
    }

    private void EachMember(JsonElement schemas, JsonElement value, string at, List<string> problems)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (schemas.TryGetProperty(member.Name, out var schema))
                Check(schema, member.Value, $"{at}.{member.Name}", problems);
        }
    }

    private void EachOther(JsonElement schema, JsonElement others, JsonElement value, string at, List<string> problems)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (schema.TryGetProperty("properties", out var known) && known.TryGetProperty(member.Name, out _))
                continue;
            if (others.ValueKind == JsonValueKind.False)
                problems.Add($"{at}: {member.Name} must not be there");
            else
                Check(others, member.Value, $"{at}.{member.Name}", problems);
        }
    }

    /// <summary>What a local reference names (RFC 6901).</summary>
    /// <exception cref="KeyNotFoundException">Nothing.</exception>
    public static JsonElement Resolve(JsonElement root, string reference)
    {
        if (!reference.StartsWith("#/", StringComparison.Ordinal))
            throw new KeyNotFoundException($"{reference} is not a reference into the document");
        var at = root;
        foreach (var part in reference[2..].Split('/'))
            at = at.TryGetProperty(part.Replace("~1", "/").Replace("~0", "~"), out var next)
                ? next
                : throw new KeyNotFoundException($"{reference} names nothing");
        return at;
    }

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()!) : [type.GetString()!];

    private static bool Is(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && decimal.IsInteger(value.GetDecimal()),
        _ => throw new InvalidOperationException($"{type} is no type"),
    };

    private static bool HasFormat(string format, JsonElement value) =>
        format switch
        {
            "date-time" => value.ValueKind != JsonValueKind.String
                || DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "date" => value.ValueKind != JsonValueKind.String || DateOnly.TryParseExact(value.GetString(), "yyyy-MM-dd", out _),
            "uri" => value.ValueKind != JsonValueKind.String || Uri.TryCreate(value.GetString(), UriKind.Absolute, out _),
            "int64" => value.ValueKind != JsonValueKind.Number || value.TryGetInt64(out _),
            "int32" => value.ValueKind != JsonValueKind.Number || value.TryGetInt32(out _),
            "byte" => value.ValueKind != JsonValueKind.String || value.TryGetBytesFromBase64(out _),
            "email" or "binary" => true,
            _ => throw new InvalidOperationException($"JsonSchema does not know the format {format}: teach it"),
        };

    private static int Characters(JsonElement value) => value.GetString()!.EnumerateRunes().Count();
}
