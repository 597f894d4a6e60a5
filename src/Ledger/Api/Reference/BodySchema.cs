using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Projections;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Ledger.Api.Reference;

/// <summary>
/// The schema of a body, from the type that is written and the options that write it. .NET's exporter gives members, lists and enums. This
/// class adds what the exporter says only of reading, or cannot know: the members that are always there, the output of our converters, and
/// the attributes of a member (<see cref="DescriptionAttribute"/> and those of <c>DataAnnotations</c>).
/// </summary>
internal static class BodySchema
{
    private static readonly JsonSchemaExporterOptions s_asWritten =
        new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = AsWritten };

    /// <param name="body">The type that is written, with its options.</param>
    /// <param name="description">The description; null for that of the type.</param>
    public static OpenApiSchema Of(JsonTypeInfo body, string? description = null)
    {
        var json = body.GetJsonSchemaAsNode(s_asWritten);
        if (description is not null)
            json["description"] = description;
        var schema = OpenApiModelFactory.Parse<OpenApiSchema>(
            json.ToJsonString(), OpenApiSpecVersion.OpenApi3_1, new OpenApiDocument(), out var read, OpenApiConstants.Json);
        return read.Errors.Count == 0 && schema is not null
            ? schema
            : throw new InvalidOperationException($"the schema of {body.Type.Name} is none: {string.Join("; ", read.Errors)}");
    }

    private static JsonObject AsWritten(JsonSchemaExporterContext context, JsonNode exported)
    {
        var property = context.PropertyInfo;
        var valueType = Nullable.GetUnderlyingType(context.TypeInfo.Type);
        var type = valueType is null ? context.TypeInfo : context.TypeInfo.Options.GetTypeInfo(valueType);
        var schema = exported as JsonObject ?? Written(property?.CustomConverter ?? type.Converter);
        schema.Remove("default"); // of a constructor's parameter: a rule for readers
        if (type.Type.IsEnum)
            schema["type"] = "string";
        else if (type.Type == typeof(byte[]))
            schema["format"] = "byte";
        else if (type.Type == typeof(int) || type.Type == typeof(long))
            (schema["format"], schema["minimum"]) = ("int64", 0); // a count, an index, a version or a code
        else if (type.Kind == JsonTypeInfoKind.Enumerable)
            schema["items"] ??= Element(type);
        else if (type.Kind == JsonTypeInfoKind.Dictionary)
            SetKeys(schema, type);
        else if (type.Kind == JsonTypeInfoKind.Object)
            schema["required"] = new JsonArray([.. type.Properties.Where(IsAlwaysWritten).Select(member => (JsonNode)member.Name)]);
        SetNullable(schema, property is null ? valueType is not null : property.IsGetNullable && IsAlwaysWritten(property));
        Annotate(schema, property, type.Type);
        return schema;
    }

    /// <summary>The schema of a converter's output. The exporter knows nothing of these converters.</summary>
    private static JsonObject Written(JsonConverter converter) =>
        converter switch
        {
            InstantConverter => new() { ["type"] = "string", ["format"] = "date-time", ["pattern"] = Instant.Pattern },
            JobIdConverter => new() { ["type"] = "string", ["pattern"] = JobId.Pattern },
            HoldIdConverter => new() { ["type"] = "string", ["pattern"] = HoldId.Pattern },
            ListedJobConverter => DocumentJson.Default.JobStatus.GetJsonSchemaAsNode(s_asWritten).AsObject(),
            StoredDataConverter => new() { ["type"] = "object" },
            _ => throw new NotSupportedException($"{nameof(BodySchema)} does not know what {converter.GetType().Name} writes"),
        };

    /// <summary>The schema of a list's elements. The exporter leaves it out for elements whose converter it does not know.</summary>
    private static JsonNode Element(JsonTypeInfo type) => type.Options.GetTypeInfo(type.ElementType!).GetJsonSchemaAsNode(s_asWritten);

    /// <summary>Makes the keys of a closed list members. None of them is required.</summary>
    private static void SetKeys(JsonObject schema, JsonTypeInfo type)
    {
        var value = schema["additionalProperties"] ??= Element(type);
        if (!type.KeyType!.IsEnum)
            return;
        var (keys, written) = (new JsonObject(), type.Options.GetTypeInfo(type.KeyType));
        foreach (var key in written.Type.GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var count = value.DeepClone();
            if (key.GetCustomAttribute<DescriptionAttribute>() is { Description: var words })
                count["description"] = words;
            keys.Add(JsonSerializer.SerializeToNode(key.GetValue(null), written)!.GetValue<string>(), count);
        }
        schema.Remove("additionalProperties");
        schema["properties"] = keys;
    }

    private static bool IsAlwaysWritten(JsonPropertyInfo member)
    {
        var own = Attribute<JsonIgnoreAttribute>(member)?.Condition;
        return own != JsonIgnoreCondition.Always
            && (!member.IsGetNullable || (own ?? member.Options.DefaultIgnoreCondition) != JsonIgnoreCondition.WhenWritingNull);
    }

    private static void SetNullable(JsonObject schema, bool isNullable)
    {
        var type = (schema["type"] as JsonArray)?.First(one => one!.GetValue<string>() != "null") ?? schema["type"]!;
        schema["type"] = isNullable ? new JsonArray(type.DeepClone(), "null") : type.DeepClone();
        if (schema["enum"] is JsonArray values)
            schema["enum"] = new JsonArray(
                [.. values.Where(one => one is not null).Select(one => one!.DeepClone()), .. isNullable ? new JsonNode?[] { null } : []]);
    }

    private static void Annotate(JsonObject schema, JsonPropertyInfo? property, Type type)
    {
        if ((Attribute<DescriptionAttribute>(property) ?? type.GetCustomAttribute<DescriptionAttribute>()) is { Description: var words })
            schema["description"] = schema["format"]?.GetValue<string>() == "date-time" ? $"{words} UTC, milliseconds, `Z`." : words;
        if (Attribute<AllowedValuesAttribute>(property) is { } allowed)
            schema["enum"] = JsonSerializer.SerializeToNode(allowed.Values);
        if (Attribute<ValuesOfAttribute>(property) is { } listed)
            schema["enum"] = new JsonArray([.. listed.Names(), .. schema["type"] is JsonArray ? new JsonNode?[] { null } : []]);
        if (Attribute<RegularExpressionAttribute>(property) is { } expression)
            schema["pattern"] = expression.Pattern;
        if (Attribute<MinLengthAttribute>(property) is { } least)
            schema["minItems"] = least.Length;
    }

    private static T? Attribute<T>(JsonPropertyInfo? property)
        where T : Attribute => (T?)property?.AttributeProvider?.GetCustomAttributes(typeof(T), inherit: true).FirstOrDefault();
}
