using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>
/// What <c>/openapi/v1.json</c> says of one operation. What its endpoint says itself is not repeated: method, path, id, and, read off its
/// policy, the scopes and the 401 and 403 that come with them. Every operation also gets 405, and 500 and 503 if it
/// <see cref="NeedsDatabase"/>.
/// </summary>
internal sealed record Operation
{
    /// <summary>One of <see cref="ApiReference.Tags"/>.</summary>
    public required string Tag { get; init; }

    /// <summary>One line.</summary>
    public required string Summary { get; init; }

    /// <summary>Plain words, for who has never seen it (CommonMark).</summary>
    public required string Description { get; init; }

    public IReadOnlyList<OpenApiParameter> Parameters { get; init; } = [];

    /// <summary>Null: it takes no body. With one come 413 and 415.</summary>
    public Body? Request { get; init; }

    /// <summary>The answers to requests that are not refused.</summary>
    public required IReadOnlyList<Answer> Answers { get; init; }

    /// <summary>The refusals that are its own.</summary>
    public IReadOnlyList<Refused> Refusals { get; init; } = [];

    public bool NeedsDatabase { get; init; } = true;
}

/// <summary>A JSON body.</summary>
/// <param name="Schema">A name of <see cref="Schemas"/>.</param>
/// <param name="Examples">At least one.</param>
internal sealed record Body(string Schema, params Example[] Examples);

/// <param name="Name">What it shows, in a few words.</param>
/// <param name="Value">What is sent.</param>
internal sealed record Example(string Name, JsonNode Value)
{
    /// <param name="name">What it shows.</param>
    /// <param name="json">What is sent, as JSON.</param>
    public static Example Json(string name, string json) => new(name, JsonNode.Parse(json)!);

    /// <param name="name">What it shows.</param>
    /// <param name="text">What is sent, as it is.</param>
    public static Example Text(string name, string text) => new(name, JsonValue.Create(text));
}

/// <summary>One status of an operation.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Description">When, and what it means.</param>
internal sealed record Answer(int Status, string Description)
{
    /// <summary>By media type; none: the answer has no body.</summary>
    public IReadOnlyList<Content> Contents { get; init; } = [];

    public IReadOnlyList<Header> Headers { get; init; } = [];

    public static Answer Json(int status, string description, string schema, params Example[] examples) =>
        new(status, description) { Contents = [new Content("application/json", schema, examples)] };

    public static Answer Unchanged { get; } = new(304, "Unchanged since the `ETag` that was sent; no body.") { Headers = [Header.ETag] };
}

/// <summary>A body of an answer.</summary>
/// <param name="Type">The media type, without parameters.</param>
/// <param name="Schema">A name of <see cref="Schemas"/>; null: bytes or text of a format of its own.</param>
/// <param name="Examples">At least one, except of bytes.</param>
internal sealed record Content(string Type, string? Schema, params Example[] Examples);

/// <param name="Name">The header's name.</param>
/// <param name="Description">What it says.</param>
/// <param name="Example">A value.</param>
/// <param name="Always">Whether every answer with this status has it.</param>
internal sealed record Header(string Name, string Description, string Example, bool Always = true)
{
    /// <summary>What a validator looks like.</summary>
    public const string SampleDigest = "5f1c0d7e9a3b24866c9de0f1b2a3c4d5";

    public static Header ETag { get; } =
        new("ETag", "This version of the document: send it as `If-None-Match` next time.", $"\"{SampleDigest}\"");
    public static Header RetryAfter { get; } = new("Retry-After", "Seconds after which to ask again.", "5");
}
