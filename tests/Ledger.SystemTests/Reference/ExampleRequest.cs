using System.Text;

namespace Ledger.SystemTests.Reference;

/// <summary>A request made of nothing but an operation's examples in the document.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Name">Of the body's example; empty without a body.</param>
/// <param name="Body">JSON; null without.</param>
internal sealed record ExampleRequest(ApiOperation Operation, string Name, string? Body)
{
    /// <summary>One for each example of its body.</summary>
    public static IEnumerable<ExampleRequest> Of(ApiOperation operation)
    {
        if (!operation.Json.TryGetProperty("requestBody", out var body))
            return [new ExampleRequest(operation, "", null)];
        return body.GetProperty("content").GetProperty("application/json").GetProperty("examples").EnumerateObject()
            .Select(example => new ExampleRequest(operation, example.Name, example.Value.GetProperty("value").GetRawText()));
    }

    /// <summary>The request, without a token.</summary>
    /// <param name="real">
    /// What takes the place of examples that name something: by the parameter's name. <c>""</c> leaves the parameter out.
    /// </param>
    /// <param name="method">Instead of the operation's.</param>
    public HttpRequestMessage Message(IReadOnlyDictionary<string, string> real, string? method = null)
    {
        var (path, query, headers) = (Operation.Path, new List<string>(), new List<(string, string)>());
        foreach (var parameter in Operation.Json.TryGetProperty("parameters", out var all) ? all.EnumerateArray() : [])
        {
            var name = parameter.GetProperty("name").GetString()!;
            var value = real.GetValueOrDefault(name, parameter.GetProperty("example").ToString());
            if (parameter.GetProperty("in").ValueEquals("path"))
                path = path.Replace($"{{{name}}}", name == "number" ? value : Uri.EscapeDataString(value));
            else if (value.Length > 0 && parameter.GetProperty("in").ValueEquals("query"))
                query.Add($"{name}={Uri.EscapeDataString(value)}");
            else if (value.Length > 0)
                headers.Add((name, value));
        }
        if (real.TryGetValue("?", out var more))
            query.Add(more);
        var message = new HttpRequestMessage(
            new HttpMethod(method ?? Operation.Method), query.Count == 0 ? path : $"{path}?{string.Join('&', query)}");
        foreach (var (name, value) in headers)
            message.Headers.TryAddWithoutValidation(name, value);
        if (Body is not null)
            message.Content = new StringContent(Body, Encoding.UTF8, "application/json");
        return message;
    }

    public override string ToString() => $"{Operation.Id} {Name}".TrimEnd();
}
