using System.Text.Json.Nodes;
using Ledger.Contracts;
using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>Short helpers for the schemas of what clients send: parameters, headers and requests.</summary>
internal static class Schema
{
    public static OpenApiSchema Text(string? description = null, string? pattern = null) =>
        new() { Type = JsonSchemaType.String, Description = description, Pattern = pattern };

    public static OpenApiSchema JobId() => Text("`cdj-` and a version-5 UUID.", Contracts.Jobs.JobId.Pattern);

    public static OpenApiSchema HoldId() => Text("`lh-` and a version-5 UUID.", Contracts.Registry.HoldId.Pattern);

    public static OpenApiSchema Count() => new() { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0" };

    /// <summary>An opaque id that another system made.</summary>
    public static OpenApiSchema Identifier(string? description = null) =>
        new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = Limits.IdentifierCharacters, Description = description };

    public static OpenApiSchema OneOf(params string[] values) =>
        new() { Type = JsonSchemaType.String, Enum = [.. values.Select(value => (JsonNode)JsonValue.Create(value))] };
}
