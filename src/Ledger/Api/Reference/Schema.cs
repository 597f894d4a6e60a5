using System.Text.Json.Nodes;
using Ledger.Contracts;
using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>Short words for JSON schemas.</summary>
internal static class Schema
{
    /// <summary>An object whose members are all there.</summary>
    public static OpenApiSchema Object(params (string Name, OpenApiSchema Schema)[] members) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = members.ToDictionary(member => member.Name, member => (IOpenApiSchema)member.Schema),
        Required = members.Select(member => member.Name).ToHashSet(),
    };

    /// <summary>An object of which only the first members must be there, and which may have no others: what a client sends.</summary>
    public static OpenApiSchema Closed(int required, params (string Name, OpenApiSchema Schema)[] members)
    {
        var schema = Some(required, members);
        schema.AdditionalPropertiesAllowed = false;
        return schema;
    }

    /// <summary>An object of which only the first members are always there.</summary>
    public static OpenApiSchema Some(int required, params (string Name, OpenApiSchema Schema)[] members)
    {
        var schema = Object(members);
        schema.Required = members.Take(required).Select(member => member.Name).ToHashSet();
        return schema;
    }

    /// <summary>Counts by name; only those that occur are there.</summary>
    public static OpenApiSchema CountsOf(string description, params ReadOnlySpan<string> names)
    {
        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = description,
            Properties = new Dictionary<string, IOpenApiSchema>(),
        };
        foreach (var name in names)
            schema.Properties.Add(name, Count());
        return schema;
    }

    public static OpenApiSchema ListOf(OpenApiSchema items, string? description = null) =>
        new() { Type = JsonSchemaType.Array, Items = items, Description = description };

    public static OpenApiSchema Text(string? description = null, string? pattern = null) =>
        new() { Type = JsonSchemaType.String, Description = description, Pattern = pattern };

    public static OpenApiSchema JobId() =>
        Text("`cdj-` and a version-5 UUID.", "^cdj-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$");

    public static OpenApiSchema Instant(string description) =>
        new()
        {
            Type = JsonSchemaType.String,
            Format = "date-time",
            Pattern = @"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
            Description = $"{description} UTC, milliseconds, `Z`.",
        };

    /// <summary>What a deletion removed with conversations, by kind.</summary>
    public static OpenApiSchema Items() =>
        Object(("messages", Count()), ("transcripts", Count()), ("recordings", Count()), ("attachments", Count()), ("logs", Count()));

    /// <summary>Skipped conversations by reason; only reasons that occurred.</summary>
    public static OpenApiSchema Skipped() =>
        CountsOf(
            "Skipped conversations by reason; only reasons that occurred.", "retention", "not_found", "already_erased", "legal_hold",
            "cancelled");

    /// <summary>Failed conversations or attempts by reason; only reasons that occurred.</summary>
    public static OpenApiSchema Failures(string description) =>
        CountsOf(description, "store_refused", "locked", "timeout", "not_confirmed", "list_unresolved");

    public static OpenApiSchema Count(string? description = null) =>
        new() { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0", Description = description };

    public static OpenApiSchema Bool(string description) => new() { Type = JsonSchemaType.Boolean, Description = description };

    /// <summary>An id of somebody else's: opaque.</summary>
    public static OpenApiSchema Identifier(string? description = null) =>
        new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = Limits.IdentifierCharacters, Description = description };

    public static OpenApiSchema OneOf(string? description, params string[] values) =>
        new()
        {
            Type = JsonSchemaType.String,
            Description = description,
            Enum = [.. values.Select(value => (JsonNode)JsonValue.Create(value))],
        };

    public static OpenApiSchema Null() => new() { Type = JsonSchemaType.Null, Description = "As if absent." };

    public static OpenApiSchema Nullable(OpenApiSchema schema)
    {
        schema.Type |= JsonSchemaType.Null;
        return schema;
    }
}
