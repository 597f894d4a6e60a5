using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ledger.SystemTests.Reference;

/// <summary><c>/openapi/v1.json</c>, as a test reads it.</summary>
internal sealed class ApiDocument
{
    private static readonly SemaphoreSlim s_loading = new(1);
    private static ApiDocument? s_loaded;

    private readonly List<ApiOperation> _operations;
    private readonly JsonSchema _answers;

    public ApiDocument(JsonElement root)
    {
        Root = root;
        _answers = new JsonSchema(root, strict: true);
        _operations =
        [
            .. from path in root.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               select new ApiOperation(path.Name, operation.Name.ToUpperInvariant(), operation.Value),
        ];
    }

    public JsonElement Root { get; }

    public IReadOnlyList<ApiOperation> Operations => _operations;

    /// <summary>The document is the same on every node of this process: it is asked for once.</summary>
    public static async Task<ApiDocument> LoadAsync(HttpClient service)
    {
        await s_loading.WaitAsync();
        try
        {
            return s_loaded ??= new ApiDocument(
                JsonDocument.Parse(await service.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative))).RootElement);
        }
        finally
        {
            s_loading.Release();
        }
    }

    public ApiOperation this[string id] => _operations.Single(operation => operation.Id == id);

    /// <summary>The operations of the path that an address is of; empty: it is of none.</summary>
    public IReadOnlyList<ApiOperation> At(Uri address)
    {
        var here = _operations.Where(operation => operation.IsAt(address.AbsolutePath)).ToList();
        var path = here.MinBy(operation => operation.Parameters)?.Path; // the one with more fixed words
        return [.. here.Where(operation => operation.Path == path)];
    }

    /// <summary>In what an answer differs from what the document says of its operation; null: in nothing.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="body">Its body if it is JSON; else null.</param>
    public string? Difference(ApiOperation operation, HttpResponseMessage answer, byte[]? body)
    {
        var status = (int)answer.StatusCode;
        if (!operation.Responses.TryGetValue(status, out var response))
            return $"{status} is not among its answers";
        foreach (var header in Required(response))
        {
            if (!answer.Headers.NonValidated.Contains(header) && !answer.Content.Headers.NonValidated.Contains(header))
                return $"{status} lacks the header {header}";
        }
        var sent = answer.Content.Headers.ContentType?.MediaType;
        if (!response.TryGetProperty("content", out var contents))
            return sent is null ? null : $"{status} has a body, of {sent}";
        if (sent is null || !contents.TryGetProperty(sent, out var content))
            return $"{status} is {sent ?? "nothing"} and should be "
                + $"{string.Join(" or ", contents.EnumerateObject().Select(one => one.Name))}";
        if (body is null || !content.TryGetProperty("schema", out var schema))
            return null;
        using var json = JsonDocument.Parse(body);
        return _answers.Problems(schema, json.RootElement) is { Count: > 0 } problems
            ? $"{status}: {string.Join("; ", problems.Take(5))}"
            : null;
    }

    private static IEnumerable<string> Required(JsonElement response) =>
        response.TryGetProperty("headers", out var headers)
            ? headers
                .EnumerateObject()
                .Where(header => header.Value.TryGetProperty("required", out var required) && required.GetBoolean())
                .Select(header => header.Name)
            : [];
}

/// <summary>One operation of the document.</summary>
internal sealed partial class ApiOperation
{
    private readonly Regex _path;

    public ApiOperation(string path, string method, JsonElement json)
    {
        (Path, Method, Json) = (path, method, json);
        Id = json.TryGetProperty("operationId", out var id) ? id.GetString()! : $"{method} {path}";
        Responses = json.GetProperty("responses")
            .EnumerateObject()
            .ToDictionary(response => int.Parse(response.Name), response => response.Value);
        Parameters = Parameter().Count(path);
        // A tile's number has slashes, and is always last. A slash at the end makes no difference.
        _path = new Regex($"^{Parameter().Replace(path, name => name.Value == "{number}" ? ".+" : "[^/]+")}/?$", RegexOptions.IgnoreCase);
    }

    public string Path { get; }
    public string Method { get; }
    public string Id { get; }
    public JsonElement Json { get; }
    public IReadOnlyDictionary<int, JsonElement> Responses { get; }

    /// <summary>How many the path has.</summary>
    public int Parameters { get; }

    public bool NeedsToken => Json.TryGetProperty("security", out _);

    /// <summary>The scopes of which it takes one, as the document words them.</summary>
    public IReadOnlyList<string> Scopes =>
        NeedsToken
            ?
            [
                .. Json.GetProperty("security")
                    .EnumerateArray()
                    .SelectMany(demand => demand.EnumerateObject())
                    .SelectMany(scheme => scheme.Value.EnumerateArray())
                    .Select(scope => scope.GetString()!)
                    .Distinct(),
            ]
            : [];

    public bool IsAt(string path) => _path.IsMatch(path);

    public override string ToString() => Id;

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
