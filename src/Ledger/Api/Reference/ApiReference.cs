using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>
/// <c>/openapi/v1.json</c>: the API as OpenAPI 3.1. Each endpoint brings its <see cref="Operation"/>. A test compares every answer of the
/// service with the document.
/// </summary>
internal static class ApiReference
{
    public const string Path = "/openapi/v1.json";

    private const string Overview = """
        Erases conversations on request, in off-peak windows, and keeps the record that proves it.

        **Start here:** submit a deletion job, ask for its status until it has ended, fetch its erasure proof.

        - A client sends its token, a JWT, as `auth: <jwt>` or as `Authorization: Bearer <jwt>`. The JWT's claim `appId` names the client.
          Each operation says which scope it needs.
          (In a browser that is signed in to the console, GET takes its session instead.)
        - Every refusal is `{"errors":[{"msg","code"}]}`, with one entry per problem; a refused request has recorded nothing, except where
          a code 5031 says that the outcome is unknown.
        - HEAD works wherever GET does: the same headers and no body, and nothing is recorded as handed out.
        - Every answer has an `X-Request-Id`. An answer to a call that is limited says in `RateLimit` how much is left.
        - Instants are UTC with milliseconds and `Z`. Members are never renamed; clients should ignore members that they do not know.
        - What is not HTTP at all is refused before any operation sees it, with 400, 408, 414 or 431 and sometimes no body.
        """;

    /// <summary>Groups of operations, in the order in which they are shown.</summary>
    public static IReadOnlyDictionary<string, string> Tags { get; } = new Dictionary<string, string>
    {
        [Tag.Jobs] = "Submit deletion jobs and see what became of them.",
        [Tag.Holds] = "Keep conversations from being erased.",
        [Tag.History] = "What was done, entry by entry.",
        [Tag.Proofs] = "What shows to an outsider, offline, that conversations were erased.",
        [Tag.Log] = "The transparency log in the C2SP tlog-tiles format: hashes for everybody, entries for auditors.",
        [Tag.Health] = "For load balancers and monitoring.",
    };

    public static void AddApiReference(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddOperationTransformer((operation, context, _) =>
        {
            new OperationWriter(context.Document!, context.Description.ActionDescriptor.EndpointMetadata).Write(operation);
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);
            return Task.CompletedTask;
        });
    });

    public static void MapApiReference(this WebApplication app) => app.MapOpenApi(Path);

    /// <summary>Adds the document's text for the endpoint. Every endpoint of the API has it, or <c>ExcludeFromDescription</c>.</summary>
    public static TBuilder Describe<TBuilder>(this TBuilder endpoint, Operation operation) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(operation).WithSummary(operation.Summary);

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Deletion ledger",
            Version = "v1",
            Summary = "Deletion jobs, their status and their proofs.",
            Description = Overview,
        };
        document.Servers = [new OpenApiServer { Url = "/", Description = "The host that this document came from." }];
        document.Tags = new HashSet<OpenApiTag>(Tags.Select(tag => new OpenApiTag { Name = tag.Key, Description = tag.Value }));
        document.Components ??= new OpenApiComponents();
        document.Components.Schemas = Schemas.All.ToDictionary(schema => schema.Key, schema => (IOpenApiSchema)schema.Value);
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [OperationWriter.AuthHeader] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "auth",
                Description = "The token, without `Bearer`.",
            },
            [OperationWriter.Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = "The same token.",
            },
        };
        foreach (var path in document.Paths.Values)
            OperationWriter.AddWrongMethod(path.Operations!, document);
    }
}

/// <summary>The names of <see cref="ApiReference.Tags"/>.</summary>
internal static class Tag
{
    public const string Jobs = "Deletion jobs";
    public const string Holds = "Legal holds";
    public const string History = "History";
    public const string Proofs = "Proofs";
    public const string Log = "Transparency log";
    public const string Health = "Health";
}
