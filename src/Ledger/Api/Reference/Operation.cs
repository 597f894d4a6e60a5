using System.Text.Json.Nodes;
using Ledger.Web;
using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>
/// The description of one operation in <c>/openapi/v1.json</c>. It does not repeat what the endpoint itself says: method, path and id. Nor
/// does it repeat the scopes, which are read off the endpoint's policy, and the 401 and 403 that come with them. Every operation also gets
/// 405. It gets 500 and 503 if it <see cref="NeedsDatabase"/>.
/// </summary>
internal sealed record Operation
{
    /// <summary>One of <see cref="ApiReference.Tags"/>.</summary>
    public required string Tag { get; init; }

    /// <summary>The summary, in one line.</summary>
    public required string Summary { get; init; }

    /// <summary>The description in plain words (CommonMark), for a reader who has never seen the operation.</summary>
    public required string Description { get; init; }

    public IReadOnlyList<OpenApiParameter> Parameters { get; init; } = [];

    /// <summary>The request's body; null if the operation takes none. An operation with a body also answers 413 and 415.</summary>
    public Body? Request { get; init; }

    /// <summary>The answers to requests that are not refused.</summary>
    public required IReadOnlyList<Answer> Answers { get; init; }

    /// <summary>The refusals that only this operation has.</summary>
    public IReadOnlyList<Refused> Refusals { get; init; } = [];

    public bool NeedsDatabase { get; init; } = true;
}

/// <summary>A JSON body.</summary>
/// <param name="Schema">One of the names in <see cref="Schemas"/>.</param>
/// <param name="Examples">The examples, at least one.</param>
internal sealed record Body(string Schema, params Example[] Examples);

/// <param name="Name">The name of the example, in a few words.</param>
/// <param name="Value">The value that is sent.</param>
internal sealed record Example(string Name, JsonNode Value)
{
    /// <param name="name">The name of the example.</param>
    /// <param name="json">The value that is sent, as JSON.</param>
    public static Example Json(string name, string json) => new(name, JsonNode.Parse(json)!);

    /// <param name="name">The name of the example.</param>
    /// <param name="text">The text that is sent, unchanged.</param>
    public static Example Text(string name, string text) => new(name, JsonValue.Create(text));
}

/// <summary>One status of an operation.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Description">The case in which it is sent, and its meaning.</param>
internal sealed record Answer(int Status, string Description)
{
    /// <summary>The answer's bodies, one for each media type. Empty if the answer has no body.</summary>
    public IReadOnlyList<Content> Contents { get; init; } = [];

    public IReadOnlyList<Header> Headers { get; init; } = [];

    public static Answer Json(int status, string description, string schema, params Example[] examples) =>
        new(status, description) { Contents = [new Content("application/json", schema, examples)] };

    public static Answer Unchanged { get; } = new(304, "Unchanged since the `ETag` that was sent; no body.") { Headers = [Header.ETag] };
}

/// <summary>A body of an answer.</summary>
/// <param name="Type">The media type, without parameters.</param>
/// <param name="Schema">One of the names in <see cref="Schemas"/>; null for bytes, or for text in a format of its own.</param>
/// <param name="Examples">The examples: at least one, except for bytes.</param>
internal sealed record Content(string Type, string? Schema, params Example[] Examples);

/// <param name="Name">The header's name.</param>
/// <param name="Description">The meaning of the header.</param>
/// <param name="Example">A sample value.</param>
/// <param name="Always">True if every answer with this status has the header.</param>
internal sealed record Header(string Name, string Description, string Example, bool Always = true)
{
    /// <summary>A sample validator.</summary>
    public const string SampleDigest = "5f1c0d7e9a3b24866c9de0f1b2a3c4d5";

    public static Header ETag { get; } =
        new("ETag", "This version of the document: send it as `If-None-Match` next time.", $"\"{SampleDigest}\"");
    public static Header RequestId { get; } = new(
        RequestIds.Header, "The request's id: name it to the operator, whose log has it. An id that the client sends is ignored.",
        "3f0c9f6e1b2a4d5c8e7f60718293a4b5");

    /// <summary>The headers that tell a limit, as draft-ietf-httpapi-ratelimit-headers-11 has them.</summary>
    public static IReadOnlyList<Header> RateLimits { get; } =
    [
        new(
            LimitedCalls.PolicyHeader, "The limits that the request was counted against. Absent if the service has none.",
            "\"submits-per-minute\";q=60;w=60, \"submits-per-hour\";q=1800;w=3600", Always: false),
        new(
            LimitedCalls.LimitHeader,
            "The limit that is nearer: `r` is the number of requests that are left, `t` the seconds until all are back.",
            "\"submits-per-minute\";r=59;t=42", Always: false),
    ];

    public static Header VaryAccept { get; } = new("Vary", "It is another one for another `Accept`.", "Accept");
    public static Header RetryAfter { get; } = new("Retry-After", "Seconds after which to ask again.", "5");
}
