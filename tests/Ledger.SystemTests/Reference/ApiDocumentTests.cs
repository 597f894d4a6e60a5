using System.Net;
using System.Text.Json;
using Ledger.Api.Reference;
using Ledger.SystemTests.Foreign;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Reference;

/// <summary><c>/openapi/v1.json</c> by itself: what OpenAPI 3.1 demands, and what a reader may expect of it.</summary>
public sealed class ApiDocumentTests(SharedDocument shared) : IClassFixture<SharedDocument>
{
    private const string Validator = "@seriousme/openapi-schema-validator@2.11.0";

    [SkippableFact]
    public async Task It_is_valid_by_the_schema_of_OpenAPI_3_1()
    {
        Requires.That(Tool.Path("npm") is not null && Tool.Path("node") is not null, "npm (Debian: apt install npm)");
        var document = await shared.DocumentAsync();
        Assert.StartsWith("3.1.", document.Root.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var folder = Directory.CreateTempSubdirectory("openapi-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"type":"module"}""");
            var (code, said) = await Tool.RunAsync("npm", ["install", "--no-audit", "--no-fund", Validator], folder);
            Assert.True(code == 0, said);
            await File.WriteAllTextAsync(Path.Combine(folder, "check.js"), """
                import { readFileSync } from 'node:fs';
                import { Validator } from '@seriousme/openapi-schema-validator';
                const result = await new Validator().validate(JSON.parse(readFileSync(process.argv[2], 'utf8')));
                console.log(result.valid ? 'VALID' : JSON.stringify(result.errors, null, 1));
                """);
            Assert.Equal("VALID", await ValidateAsync(folder, document.Root.GetRawText()));
            // It can say no.
            Assert.NotEqual("VALID", await ValidateAsync(folder, document.Root.GetRawText().Replace("\"responses\"", "\"response\"")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task Every_reference_leads_somewhere_and_every_schema_is_used()
    {
        var root = (await shared.DocumentAsync()).Root;
        var references = Members(root, "$ref").Select(reference => reference.GetString()!).Distinct().ToList();
        Assert.All(references, reference => JsonSchema.Resolve(root, reference));
        var schemas = root.GetProperty("components")
            .GetProperty("schemas")
            .EnumerateObject()
            .Select(schema => $"#/components/schemas/{schema.Name}");
        Assert.Empty(schemas.Except(references));
    }

    [SkippableFact]
    public async Task Every_example_holds_by_its_schema()
    {
        var document = await shared.DocumentAsync();
        var schemas = new JsonSchema(document.Root, strict: true);
        var checkedExamples = 0;
        foreach (var (where, holder) in document.Operations.SelectMany(Examples))
        {
            foreach (var value in Values(holder))
            {
                var problems = schemas.Problems(holder.GetProperty("schema"), value);
                Assert.True(problems.Count == 0, $"{where}: {string.Join("; ", problems)}");
                checkedExamples++;
            }
        }
        Assert.True(checkedExamples > 100, $"{checkedExamples}");
    }

    [SkippableFact]
    public async Task Every_endpoint_is_described_or_is_no_part_of_the_API()
    {
        await using var service = await TestService.StartAsync();
        var document = await ApiDocument.LoadAsync(service.Client);
        var described = 0;
        foreach (var endpoint in service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var path = endpoint.RoutePattern.RawText!;
            if (endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is { ExcludeFromDescription: true })
            {
                Assert.False(
                    path.StartsWith("/api/", StringComparison.Ordinal)
                        || path.StartsWith("/log/", StringComparison.Ordinal)
                        || path.StartsWith("/health/", StringComparison.Ordinal),
                    $"{path} is part of the API: describe it"
                );
                continue;
            }
            Assert.True(
                endpoint.Metadata.GetMetadata<Operation>() is not null,
                $"{path} has no description: give its endpoint one with Describe, or ExcludeFromDescription");
            described++;
        }
        Assert.Equal(document.Operations.Count, described);
    }

    [SkippableFact]
    public async Task Every_operation_says_what_it_does_what_it_takes_and_what_it_answers()
    {
        var document = await shared.DocumentAsync();
        var tags = document.Root.GetProperty("tags").EnumerateArray().Select(tag => tag.GetProperty("name").GetString()).ToHashSet();
        Assert.Equal(document.Operations.Count, document.Operations.Select(operation => operation.Id).Distinct().Count());
        foreach (var operation in document.Operations)
        {
            Assert.Subset(tags, operation.Json.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()).ToHashSet());
            Assert.NotEmpty(operation.Json.GetProperty("summary").GetString()!);
            Assert.True(operation.Json.GetProperty("description").GetString()!.Length > 40, $"{operation}: say more");
            var named = Parameters(operation)
                .Where(parameter => parameter.GetProperty("in").ValueEquals("path"))
                .Select(parameter => parameter.GetProperty("name").GetString()!);
            Assert.Equal(operation.Path.Split('{').Skip(1).Select(name => name.Split('}')[0]).Order(), named.Order());
            Assert.All(
                Parameters(operation),
                parameter =>
                    Assert.True(
                        parameter.TryGetProperty("example", out _) && parameter.GetProperty("description").GetString()!.Length > 0,
                        $"{operation}: {parameter}")
            );
            Assert.Contains(405, operation.Responses.Keys);
            if (operation.NeedsToken)
                Assert.Superset(new HashSet<int> { 401, 403, 500, 503 }, operation.Responses.Keys.ToHashSet());
            foreach (var (status, response) in operation.Responses)
                IsWhole(operation, status, response);
        }
    }

    /// <summary>A description, and examples of whatever is no bytes; refusals in the envelope of contract §5.</summary>
    private static void IsWhole(ApiOperation operation, int status, JsonElement response)
    {
        Assert.NotEmpty(response.GetProperty("description").GetString()!);
        if (!response.TryGetProperty("content", out var contents))
        {
            Assert.True(status is 204 or 304, $"{operation} {status} has no body");
            return;
        }
        foreach (
            var content in contents
                .EnumerateObject()
                .Where(content => content.Name is not ("application/octet-stream" or "application/pdf"))
        )
            Assert.True(
                content.Value.TryGetProperty("examples", out var examples) && examples.EnumerateObject().Any(),
                $"{operation} {status} {content.Name} has no example");
        if (status >= 400)
            Assert.Equal(
                "#/components/schemas/Errors",
                contents.GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString());
    }

    [SkippableFact]
    public async Task A_token_can_be_sent_in_two_ways_and_each_operation_names_its_scopes()
    {
        var document = await shared.DocumentAsync();
        var schemes = document.Root.GetProperty("components").GetProperty("securitySchemes");
        Assert.Equal(
            ("apiKey", "header", "auth"), (Text(schemes, "auth", "type"), Text(schemes, "auth", "in"), Text(schemes, "auth", "name")));
        Assert.Equal(("http", "bearer"), (Text(schemes, "bearer", "type"), Text(schemes, "bearer", "scheme")));
        Assert.Equal(["Delete Conversations"], document["submitDeletionJob"].Scopes);
        Assert.Equal(["Delete Conversations", "Ledger Audit"], document["listDeletionJobs"].Scopes);
        Assert.Empty(document["getLogCheckpoint"].Scopes);
        Assert.Equal("/", document.Root.GetProperty("servers")[0].GetProperty("url").GetString());
    }

    /// <summary>What holds the system tests' answers against the document can fail.</summary>
    [SkippableTheory]
    [InlineData("getDeletionJobStatus", 200, """{"jobId":"x"}""", "breaks required")]
    [InlineData("live", 200, """{"status":"live","more":1}""", "nobody says what more is")]
    [InlineData("live", 200, """{"status":"dead"}""", "breaks enum")]
    [InlineData("live", 418, "{}", "418 is not among its answers")]
    [InlineData("ready", 503, """{"errors":[{"msg":"no","code":503}]}""", "lacks the header Retry-After")]
    public async Task An_answer_that_is_not_as_the_document_says_is_found(string operation, int status, string body, string difference)
    {
        var document = await shared.DocumentAsync();
        using var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, null, "application/json") };
        answer.Headers.ETag = new("\"1\"");
        answer.Headers.Add("X-Request-Id", "1");
        Assert.Contains(
            difference, document.Difference(document[operation], answer, System.Text.Encoding.UTF8.GetBytes(body)),
            StringComparison.Ordinal);
    }

    private static async Task<string> ValidateAsync(string folder, string document)
    {
        var file = Path.Combine(folder, "document.json");
        await File.WriteAllTextAsync(file, document);
        var (code, said) = await Tool.RunAsync("node", ["check.js", file], folder);
        Assert.True(code == 0, said);
        return said.Trim();
    }

    /// <summary>Whatever has examples and a schema: parameters, headers, bodies.</summary>
    private static IEnumerable<(string Where, JsonElement Holder)> Examples(ApiOperation operation)
    {
        foreach (var parameter in Parameters(operation))
            yield return ($"{operation} {parameter.GetProperty("name")}", parameter);
        var answers = operation.Responses.Select(response => ($"{operation} {response.Key}", response.Value));
        if (operation.Json.TryGetProperty("requestBody", out var request))
            answers = answers.Append(($"{operation}", request));
        foreach (var (where, body) in answers)
        {
            if (body.TryGetProperty("headers", out var headers))
            {
                foreach (var header in headers.EnumerateObject())
                    yield return ($"{where} {header.Name}", header.Value);
            }
            foreach (var content in body.TryGetProperty("content", out var contents) ? contents.EnumerateObject() : [])
            {
                if (content.Value.TryGetProperty("schema", out _))
                    yield return ($"{where} {content.Name}", content.Value);
            }
        }
    }

    private static IEnumerable<JsonElement> Values(JsonElement holder)
    {
        if (holder.TryGetProperty("example", out var example))
            yield return example;
        foreach (var named in holder.TryGetProperty("examples", out var examples) ? examples.EnumerateObject() : [])
            yield return named.Value.GetProperty("value");
    }

    private static IEnumerable<JsonElement> Parameters(ApiOperation operation) =>
        operation.Json.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [];

    private static string Text(JsonElement schemes, string scheme, string member) =>
        schemes.GetProperty(scheme).GetProperty(member).GetString()!;

    private static IEnumerable<JsonElement> Members(JsonElement json, string name) =>
        json.ValueKind switch
        {
            JsonValueKind.Object => json.EnumerateObject()
                .SelectMany(member =>
                    member.Name == name && member.Value.ValueKind == JsonValueKind.String ? [member.Value] : Members(member.Value, name)
                ),
            JsonValueKind.Array => json.EnumerateArray().SelectMany(item => Members(item, name)),
            _ => [],
        };
}

/// <summary>The document of one service, for the tests of a class.</summary>
public sealed class SharedDocument
{
    internal async Task<ApiDocument> DocumentAsync()
    {
        await using var service = await TestService.StartAsync();
        return await ApiDocument.LoadAsync(service.Client);
    }
}
