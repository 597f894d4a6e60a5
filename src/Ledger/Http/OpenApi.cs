using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Ledger.Http;

/// <summary>What <c>/openapi/v1.json</c> says beyond what routing knows: parameters, bodies, every status, the two ways to send a token.</summary>
internal static class OpenApi
{
    private static readonly (int Status, string When) Internal = (500, "Internal error.");
    private static readonly (int Status, string When)[] Always = [Internal, (503, "The database cannot be reached; see Retry-After.")];
    private static readonly (int Status, string When)[] Authenticated =
    [
        (401, "No valid token for this bot."), (403, "The scope is not granted."), (404, "Unknown path or job."), (405, "Wrong method; see Allow."),
    ];

    private static readonly Dictionary<string, string> Requests = new()
    {
        ["by id"] = """{"conversationIds":["69eb0c87ec444445976aaaaa","69eb0b5c7cd98618e06aaaaa"]}""",
        ["by channel user"] = """{"cId":"u-00000000-0000-5000-8000-000000000000","startDate":"2026-05-04","endDate":"2026-05-04T23:59:59.999Z"}""",
    };

    public static void AddLedgerOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", options =>
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Deletion ledger", Version = "v1", Description = "Submits deletion jobs and reads what became of them." };
            document.Servers = []; // whatever host the document came from
            document.Components ??= new OpenApiComponents();
            document.Components.Schemas = OpenApiSchemas.All.ToDictionary(schema => schema.Key, schema => (IOpenApiSchema)schema.Value);
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["auth"] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.ApiKey,
                    In = ParameterLocation.Header,
                    Name = "auth",
                    Description = "The JWT, without Bearer.",
                },
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" },
            };
            foreach (var operation in document.Paths.Values.SelectMany(path => path.Operations!.Values))
                Reference(operation, document);
            return Task.CompletedTask;
        }));

    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, Action<OpenApiOperation> describe) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Tags = null;
            operation.Responses = [];
            describe(operation);
            return Task.CompletedTask;
        });

    public static void Submit(OpenApiOperation operation)
    {
        Path(operation, "botId");
        operation.Parameters!.Add(
            Parameter("Idempotency-Key", ParameterLocation.Header, "1 to 255 visible ASCII characters: the same key and request give the same job."));
        operation.RequestBody = new OpenApiRequestBody { Required = true, Content = Json("DeletionRequest", Requests) };
        Answer(operation, 202, "Recorded; Location is the status URL.", "Accepted");
        Errors(operation, [(400, "A rule of the body is broken: one entry per problem."), .. Authenticated, (413, "The body is over 128 KiB."),
            (415, "Not application/json in UTF-8."), (422, "The Idempotency-Key was used for another request."), (429, "Over the limit; see Retry-After."), Internal,
            (503, "The database cannot be reached, or (code 5031) went away so that the outcome is unknown: repeat with the same Idempotency-Key; see Retry-After.")]);
    }

    public static void Status(OpenApiOperation operation)
    {
        Path(operation, "botId", "jobId");
        operation.Parameters!.Add(Parameter("If-None-Match", ParameterLocation.Header, "The ETag of an earlier answer."));
        Answer(operation, 200, "The status document; ETag, and Retry-After until the job has ended.", "JobStatus");
        operation.Responses!["304"] = new OpenApiResponse { Description = "Unchanged since that ETag." };
        Errors(operation, [(400, "POST with a body."), .. Authenticated, (429, "Over the limit; see Retry-After."), .. Always]);
    }

    public static void JobList(OpenApiOperation operation)
    {
        Path(operation, "botId");
        operation.Parameters!.Add(Parameter("status", ParameterLocation.Query, "queued, completed, failed or cancelled."));
        operation.Parameters.Add(Parameter("limit", ParameterLocation.Query, "1 to 100, by default 50."));
        operation.Parameters.Add(Parameter("after", ParameterLocation.Query, "The `next` of an earlier page."));
        Answer(operation, 200, "Status documents, newest first.", "JobList");
        Errors(operation, [(400, "An unknown parameter or a bad value."), .. Authenticated, .. Always]);
    }

    public static void Outcomes(OpenApiOperation operation)
    {
        Path(operation, "botId", "jobId");
        operation.Parameters!.Add(Parameter("outcome", ParameterLocation.Query, "deleted, failed, skipped or pending."));
        operation.Parameters.Add(Parameter("limit", ParameterLocation.Query, "1 to 1000, by default 100."));
        operation.Parameters.Add(Parameter("after", ParameterLocation.Query, "The `next` of an earlier page."));
        Answer(operation, 200, "In ordinal order.", "Outcomes");
        Errors(operation, [(400, "An unknown parameter or a bad value."), .. Authenticated, .. Always]);
    }

    public static void ChangeLogs(OpenApiOperation operation)
    {
        Path(operation, "botId");
        operation.Parameters!.Add(Parameter("offset", ParameterLocation.Query, "The page's number, from 0; not with fetchAfter."));
        operation.Parameters.Add(Parameter("limit", ParameterLocation.Query, "1 to 50, by default 50."));
        operation.Parameters.Add(Parameter("startDate", ParameterLocation.Query, "Entries from this day of UTC on, YYYY-MM-DD."));
        operation.Parameters.Add(Parameter("endDate", ParameterLocation.Query, "Entries until the end of this day of UTC, YYYY-MM-DD."));
        operation.Parameters.Add(Parameter("fetchAfter", ParameterLocation.Query, "The `_id` of an entry: only what came after it. Misses and repeats nothing, whatever is recorded meanwhile."));
        Answer(operation, 200, "Entries in log order, oldest first.", "ChangeLogs");
        Errors(operation, [(400, "An unknown parameter or a bad value."), .. Authenticated, .. Always]);
    }

    public static void Events(OpenApiOperation operation)
    {
        Path(operation, "botId", "jobId");
        operation.Parameters!.Add(Parameter("asOf", ParameterLocation.Query, "A version, an instant, or a date (its end): only events until then, inclusive."));
        Answer(operation, 200, "In order; one a line for `Accept: application/x-ndjson`. With the ids, while the job's key lives; that is recorded.", "Events");
        operation.Responses!["200"].Content!["application/x-ndjson"] = new OpenApiMediaType();
        Errors(operation, [(400, "An unknown parameter, a bad value, or a moment that the job's history has not."), .. Authenticated, .. Always]);
    }

    public static void Progress(OpenApiOperation operation)
    {
        Path(operation, "botId", "jobId");
        operation.Parameters!.Add(Parameter("Last-Event-ID", ParameterLocation.Header, "The id of the last event received: only what is newer is sent."));
        operation.Responses!["200"] = Raw("Events named `status` with the status document as data and its version as id, until the job has ended.", "text/event-stream");
        operation.Responses["204"] = new OpenApiResponse { Description = "The job has ended, and Last-Event-ID says that this was seen." };
        Errors(operation, [.. Authenticated, (429, "Over the limit, or too many streams; see Retry-After."), .. Always]);
    }

    public static void JobProof(OpenApiOperation operation)
    {
        Path(operation, "botId", "jobId");
        operation.Parameters!.Add(Parameter("ids", ParameterLocation.Query, "`false` leaves the identifiers out; otherwise they are in it as long as the job's key lives, and that is recorded."));
        Proof(operation, "The erasure proof, streamed: docs/formats.md, \"Job proof\".", [(400, "An unknown parameter or a bad value.")]);
    }

    public static void ConversationProof(OpenApiOperation operation)
    {
        Path(operation, "botId", "jobId");
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = Json("ConversationProofRequest", new() { ["one conversation"] = """{"conversationId":"69eb0c87ec444445976aaaaa"}""" }),
        };
        Proof(operation, "The proof, as c2sp.org/tlog-proof.", [(400, "A rule of the body is broken: one entry per problem."), (413, "The body is over 128 KiB."), (415, "Not application/json in UTF-8.")]);
    }

    public static void Certificate(OpenApiOperation operation)
    {
        Path(operation, "botId", "jobId");
        operation.Parameters!.Add(Parameter("Accept", ParameterLocation.Header, "text/html (the default), application/json or application/pdf; with q-values."));
        operation.Parameters.Add(Parameter("format", ParameterLocation.Query, "html, json or pdf: in Accept's place, for a link."));
        operation.Parameters.Add(Parameter("paper", ParameterLocation.Query, "a4 (the default) or letter: what the PDF is printed for."));
        Proof(operation, "The certificate of erasure: docs/formats.md, \"Certificate of erasure\".",
            [(400, "An unknown parameter or a bad value."), (406, "Accept names none of the three, or only PDF and this server has no Chromium: print the HTML page.")]);
        operation.Responses!["200"] = new OpenApiResponse
        {
            Description = operation.Responses["200"].Description,
            Content = new[] { "text/html", "application/json", "application/pdf" }.ToDictionary(type => type, _ => new OpenApiMediaType()),
        };
    }

    private static void Proof(OpenApiOperation operation, string description, IEnumerable<(int Status, string When)> others)
    {
        operation.Responses!["200"] = Raw(description, "text/plain");
        Errors(operation,
        [
            .. others, .. Authenticated.Where(error => error.Status != 404), (404, "Unknown path or job, or no such conversation in it."), (409, "The job has not ended."),
            (429, "Over the limit; see Retry-After."), Internal, (503, "Not yet covered by a published checkpoint, or the database cannot be reached; see Retry-After."),
        ]);
    }

    public static void LogCheckpoint(OpenApiOperation operation)
    {
        operation.Parameters = [Parameter("If-None-Match", ParameterLocation.Header, "The ETag of an earlier answer.")];
        operation.Responses!["200"] = Raw("A signed note (c2sp.org/tlog-checkpoint), with the witnesses' cosignatures; ETag.", "text/plain");
        operation.Responses["304"] = new OpenApiResponse { Description = "Unchanged since that ETag." };
        Errors(operation, [(404, "Nothing is published yet."), .. Always]);
    }

    public static void LogTile(OpenApiOperation operation)
    {
        operation.Parameters = [Parameter("level", ParameterLocation.Path, "0 to 63."), TileNumber()];
        operation.Responses!["200"] = Raw("The tile's hashes, 32 bytes each (c2sp.org/tlog-tiles); never changes.", "application/octet-stream");
        Errors(operation, [(404, "The published log has no such tile."), .. Always]);
    }

    public static void LogEntries(OpenApiOperation operation)
    {
        operation.Parameters = [TileNumber()];
        operation.Security = [];
        operation.Responses!["200"] = Raw("Entries, each behind its length in two bytes, big-endian (c2sp.org/tlog-tiles); never changes.", "application/octet-stream");
        Errors(operation, [(401, "No valid token."), (403, "Ledger Audit is not granted for every bot."), (404, "The published log has no such bundle."), .. Always]);
    }

    private static IOpenApiParameter TileNumber() =>
        Parameter("number", ParameterLocation.Path, "As in c2sp.org/tlog-tiles: 067, x001/067, and .p/W behind it for the first W alone.");

    private static OpenApiResponse Raw(string description, string type) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType> { [type] = new() },
    };

    public static void Health(OpenApiOperation operation)
    {
        Answer(operation, 200, "Yes.", "Health");
        Errors(operation, [(503, "No, and why; see Retry-After.")]);
    }

    private static void Path(OpenApiOperation operation, params ReadOnlySpan<string> names)
    {
        operation.Parameters = [];
        foreach (var name in names)
            operation.Parameters.Add(Parameter(name, ParameterLocation.Path, name == "botId" ? "App or Stream ID." : "As the submission answered it."));
        // Which scheme is resolved once the document is whole: see Reference.
        operation.Security = [];
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, string description) => new()
    {
        Name = name,
        In = place,
        Required = place == ParameterLocation.Path,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static void Answer(OpenApiOperation operation, int status, string description, string schema) =>
        operation.Responses![status.ToString()] = new OpenApiResponse { Description = description, Content = Json(schema) };

    private static void Errors(OpenApiOperation operation, IEnumerable<(int Status, string When)> errors)
    {
        foreach (var (status, when) in errors.OrderBy(error => error.Status))
            Answer(operation, status, when, "Errors");
    }

    private static Dictionary<string, OpenApiMediaType> Json(string schema, Dictionary<string, string>? examples = null) => new()
    {
        ["application/json"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchemaReference(schema),
            Examples = examples?.ToDictionary(example => example.Key, example => (IOpenApiExample)new OpenApiExample { Value = JsonNode.Parse(example.Value) }),
        },
    };

    /// <summary>References are written only if they know the document that they point into.</summary>
    private static void Reference(OpenApiOperation operation, OpenApiDocument document)
    {
        if (operation.Security is not null)
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("auth", document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] },
            ];
        }
        var bodies = operation.Responses!.Values.Select(response => response.Content).Append(operation.RequestBody?.Content);
        foreach (var media in bodies.SelectMany(content => content?.Values ?? []).OfType<OpenApiMediaType>().Where(media => media.Schema is OpenApiSchemaReference))
            media.Schema = new OpenApiSchemaReference(((OpenApiSchemaReference)media.Schema!).Reference.Id!, document);
    }
}
