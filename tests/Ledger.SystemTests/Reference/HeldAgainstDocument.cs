using System.Collections.Concurrent;
using System.Net;

namespace Ledger.SystemTests.Reference;

/// <summary>
/// Holds each answer that passes through against the API's document: a test whose answer differs from it fails, whatever the test is
/// about.
/// </summary>
internal sealed class HeldAgainstDocument : DelegatingHandler
{
    private readonly ConcurrentDictionary<(string Operation, int Status), bool> _seen;
    private ApiDocument? _document;

    private HeldAgainstDocument(HttpMessageHandler node, ConcurrentDictionary<(string Operation, int Status), bool> seen)
        : base(node) => _seen = seen;

    /// <summary>A client that is held against the node's document from its first request on.</summary>
    /// <param name="node">The way to the node.</param>
    /// <param name="address">The node's address.</param>
    /// <param name="seen">Is told which answers came.</param>
    public static async Task<(HttpClient Client, HeldAgainstDocument Held)> ClientAsync(
        HttpMessageHandler node, string address, ConcurrentDictionary<(string Operation, int Status), bool> seen)
    {
        var handler = new HeldAgainstDocument(node, seen);
        var client = new HttpClient(handler) { BaseAddress = new Uri(address) };
        handler._document = await ApiDocument.LoadAsync(client);
        return (client, handler);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        await HoldAsync(request.RequestUri!, request.Method, answer, cancellationToken);
        return answer;
    }

    /// <summary>Fails where an answer differs from the document.</summary>
    public async Task HoldAsync(Uri address, HttpMethod method, HttpResponseMessage answer, CancellationToken cancel)
    {
        if (_document is { } document && document.At(address) is { Count: > 0 } here && !IsKestrels(answer)
            && await DifferenceAsync(document, here, method, answer, cancel) is { } difference)
            Assert.Fail($"{method} {here[0].Path}: /openapi/v1.json and the answer differ: {difference}");
    }

    private async Task<string?> DifferenceAsync(
        ApiDocument document, IReadOnlyList<ApiOperation> here, HttpMethod method, HttpResponseMessage answer, CancellationToken cancel)
    {
        var isHead = method == HttpMethod.Head; // as GET, without a body
        var operation = here.FirstOrDefault(operation => operation.Method == (isHead ? "GET" : method.Method));
        if (operation is null || answer.StatusCode == HttpStatusCode.MethodNotAllowed)
            return WrongMethod(here, operation, answer);
        // Only JSON is waited for: other answers may be without end, or be cut off on purpose.
        var isJson = !isHead && answer.Content.Headers.ContentType?.MediaType == "application/json";
        var difference = document.Difference(operation, answer, isJson ? await answer.Content.ReadAsByteArrayAsync(cancel) : null);
        if (difference is null)
            _seen[(operation.Id, (int)answer.StatusCode)] = true;
        return difference;
    }

    private string? WrongMethod(IReadOnlyList<ApiOperation> here, ApiOperation? operation, HttpResponseMessage answer)
    {
        if (operation is not null)
            return "405 to a method that the document knows";
        if (answer.StatusCode != HttpStatusCode.MethodNotAllowed)
            return $"{(int)answer.StatusCode} instead of 405 to a method that the document does not know";
        foreach (var other in here)
            _seen[(other.Id, 405)] = true;
        var allowed = answer.Content.Headers.Allow.Order(StringComparer.Ordinal);
        var methods = here.Select(other => other.Method).ToList();
        var known = (methods.Contains("GET") ? methods.Append("HEAD") : methods).Order(StringComparer.Ordinal).ToList();
        return allowed.SequenceEqual(known) ? null : $"Allow is {string.Join(", ", allowed)} and should be {string.Join(", ", known)}";
    }

    /// <summary>What is no HTTP to the server is refused before any operation sees it, with no body.</summary>
    private static bool IsKestrels(HttpResponseMessage answer) =>
        (int)answer.StatusCode is 400 or 414 or 431 && answer.Content.Headers.ContentLength == 0;
}
