using System.Text.Json.Nodes;
using Ledger.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;
using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>Writes an endpoint's <see cref="Operation"/> as an OpenAPI operation.</summary>
/// <param name="document">The document that references point into. A reference is written only if it knows its document.</param>
/// <param name="endpoint">The endpoint's metadata.</param>
internal sealed class OperationWriter(OpenApiDocument document, IList<object> endpoint)
{
    public const string AuthHeader = "auth";
    public const string Bearer = "bearer";

    public void Write(OpenApiOperation to)
    {
        var operation =
            endpoint.OfType<Operation>().SingleOrDefault()
            ?? throw new InvalidOperationException($"{to.OperationId} has no description: give its endpoint one with Describe");
        var scopes = Scopes();
        to.Tags = new HashSet<OpenApiTagReference> { new(operation.Tag, document) };
        to.Summary = operation.Summary;
        to.Description =
            scopes.Count == 0
                ? operation.Description
                : $"{operation.Description}\n\nScope: {string.Join(" or ", scopes.Select(scope => $"`{scope}`"))}.";
        to.Parameters = [.. operation.Parameters];
        to.RequestBody = operation.Request is { } body
            ? new OpenApiRequestBody { Required = true, Content = Media([new Content("application/json", body.Schema, body.Examples)]) }
            : null;
        to.Security =
            scopes.Count == 0 ? null : [.. scopes.SelectMany(scope => new[] { Demand(AuthHeader, scope), Demand(Bearer, scope) })];
        to.Responses = [];
        foreach (var answer in operation.Answers.Concat(Refusals(operation, scopes)).OrderBy(answer => answer.Status))
            to.Responses.Add($"{answer.Status}", Response(answer));
    }

    /// <summary>Adds the 405 answers. They are known only once all methods of the path are known.</summary>
    public static void AddWrongMethod(IDictionary<HttpMethod, OpenApiOperation> operations, OpenApiDocument document)
    {
        var allow = HeadRequests.Allow(operations.Keys.Select(method => method.Method));
        var refused = Refused.ByMethod with { Answer = Errors.ForStatus(405, allow) };
        foreach (var operation in operations.Values)
        {
            var responses = operation.Responses!.ToList();
            responses.Add(new("405", new OperationWriter(document, []).Response(Refusal(405, [refused], allow))));
            operation.Responses = [];
            foreach (var (status, response) in responses.OrderBy(response => response.Key, StringComparer.Ordinal))
                operation.Responses.Add(status, response);
        }
    }

    private List<string> Scopes() =>
        [
            .. endpoint
                .OfType<AuthorizationPolicy>()
                .SelectMany(policy => policy.Requirements)
                .OfType<ScopeRequirement>()
                .SelectMany(requirement => requirement.Scopes)
                .Select(scope => ScopeNames.Of(scope)),
        ];

    /// <summary>
    /// The requirement of a scheme and a scope. OpenAPI 3.1 lets a scheme that is not OAuth list the roles that it takes.
    /// </summary>
    private OpenApiSecurityRequirement Demand(string scheme, string scope) =>
        new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [scope] };

    private static IEnumerable<Answer> Refusals(Operation operation, List<string> scopes)
    {
        IEnumerable<Refused> all = operation.Refusals;
        if (scopes.Count > 0)
            all = all.Concat(Refused.ByToken).Append(Refused.ByScope);
        if (operation.Request is not null)
            all = all.Concat(Refused.ByBody);
        if (operation.NeedsDatabase)
            all = all.Concat(Refused.ByDatabase);
        return all.GroupBy(refused => refused.Answer.Status).Select(refused => Refusal(refused.Key, [.. refused]));
    }

    private static Answer Refusal(int status, IReadOnlyList<Refused> refusals, string? allow = null) =>
        new(status, When(refusals))
        {
            Contents =
            [
                new Content(
                    "application/json", "Errors",
                    [.. refusals.Select(refused => new Example(refused.Name, JsonNode.Parse(refused.Answer.Body().Span)!))]),
            ],
            Headers = status switch
            {
                401 => [new Header("WWW-Authenticate", "As RFC 9110 wants it.", "Bearer")],
                405 => [new Header("Allow", "The methods that the path knows.", allow!)],
                429 => [Header.RetryAfter, .. Header.RateLimits],
                503 => [Header.RetryAfter],
                _ => [],
            },
        };

    private static string When(IReadOnlyList<Refused> refusals) =>
        refusals.Count == 1 ? refusals[0].When : string.Concat(refusals.Select(refused => $"- {refused.When}\n"));

    private OpenApiResponse Response(Answer answer) =>
        new()
        {
            Description = answer.Description,
            Content = answer.Contents.Count == 0 ? null : Media(answer.Contents),
            Headers = answer.Headers.Append(Header.RequestId).ToDictionary(
                header => header.Name,
                header =>
                    (IOpenApiHeader)
                        new OpenApiHeader
                        {
                            Description = header.Description,
                            Required = header.Always,
                            Schema = Schema.Text(),
                            Example = header.Example,
                        }),
        };

    private Dictionary<string, OpenApiMediaType> Media(IEnumerable<Content> contents) =>
        contents.ToDictionary(
            content => content.Type,
            content => new OpenApiMediaType
            {
                Schema =
                    content.Schema is not null ? new OpenApiSchemaReference(content.Schema, document)
                    : content.Examples.Length > 0 ? Schema.Text()
                    : null,
                Examples =
                    content.Examples.Length == 0
                        ? null
                        : content.Examples.ToDictionary(
                            example => example.Name, example => (IOpenApiExample)new OpenApiExample { Value = example.Value.DeepClone() }),
            }
        );
}
