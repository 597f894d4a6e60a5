using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>The parameters that several operations share, and helpers that make others.</summary>
internal static class Parameters
{
    public const string SampleBot = "st-my-bot";
    public const string SampleJob = "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c";

    public static OpenApiParameter BotId { get; } = InPath("botId", "The App or Stream ID of the bot.", Schema.Identifier(), SampleBot);

    public static OpenApiParameter JobId { get; } = InPath("jobId", "The job, as the submission answered it.", Schema.JobId(), SampleJob);

    public const string SampleHold = "lh-0b6a4b0e-3f0c-5a57-9f4d-6f7a1c2b3d4e";

    public static OpenApiParameter HoldId { get; } = InPath(
        "holdId", "The legal hold, as its placing answered it.", Schema.HoldId(), SampleHold);

    public static OpenApiParameter IfNoneMatch { get; } = InHeader(
        "If-None-Match", "The `ETag` of an earlier answer: 304 if nothing has changed since.", Schema.Text(), $"\"{Header.SampleDigest}\"");

    public static OpenApiParameter IdempotencyKey { get; } = InHeader(
        "Idempotency-Key", "The same key and the same request give the same job, and record nothing new. Per bot, kept as long as the job.",
        new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255, Pattern = "^[!-~]+$" }, "erase-ticket-4711");

    /// <summary>The maximum number of items on a page.</summary>
    public static OpenApiParameter Limit(int most, int absent) =>
        InQuery(
            "limit", $"At most so many items; {absent} unless told.",
            new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = $"{most}", Default = JsonValue.Create(absent) },
            Math.Min(20, most));

    public static OpenApiParameter InQuery(string name, string description, OpenApiSchema schema, JsonNode example) =>
        Make(ParameterLocation.Query, name, description, schema, example);

    public static OpenApiParameter InPath(string name, string description, OpenApiSchema schema, JsonNode example) =>
        Make(ParameterLocation.Path, name, description, schema, example);

    public static OpenApiParameter InHeader(string name, string description, OpenApiSchema schema, JsonNode example) =>
        Make(ParameterLocation.Header, name, description, schema, example);

    private static OpenApiParameter Make(
        ParameterLocation place, string name, string description, OpenApiSchema schema, JsonNode example) =>
        new()
        {
            Name = name,
            In = place,
            Required = place == ParameterLocation.Path,
            Description = description,
            Schema = schema,
            Example = example,
        };
}
