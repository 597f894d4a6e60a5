using System.Security.Cryptography;

namespace Ledger.Web;

/// <summary>
/// The first step of a request. It gives the request an id, which the answer carries in <c>X-Request-Id</c>. Every line that the node logs
/// while it answers names the id too, and so does the line about a refusal.
/// </summary>
/// <remarks>
/// The id is always a fresh one. An id that the client sent could be that of another request, or an identifier, and is ignored.
/// </remarks>
internal sealed class RequestIds(RequestDelegate next, ILogger<RequestIds> log)
{
    public const string Header = "X-Request-Id";

    private const int HexDigits = 32;

    public async Task InvokeAsync(HttpContext context)
    {
        var id = RandomNumberGenerator.GetHexString(HexDigits, lowercase: true);
        context.TraceIdentifier = id;
        // At the start of the answer, because a failure clears the headers that were set before it.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers[Header] = id;
            return Task.CompletedTask;
        });
        using (log.BeginScope(new RequestScope(id)))
        {
            await next(context);
            if (context.Response.StatusCode >= StatusCodes.Status400BadRequest)
                log.LogInformation("answered {Status} to {Operation}", context.Response.StatusCode, Operation(context));
        }
    }

    /// <summary>The operation's id, as the API's document has it. The path is not logged, because it can hold anything.</summary>
    private static string Operation(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "another request";
}

/// <summary>The scope of a request's log lines.</summary>
internal sealed record RequestScope(string Id)
{
    public override string ToString() => $"request {Id}";
}

/// <summary>Keeps the request's scope and no other. The scopes of the framework name the path, which can hold anything.</summary>
internal sealed class RequestScopes : IExternalScopeProvider
{
    private readonly LoggerExternalScopeProvider _kept = new();

    public void ForEachScope<TState>(Action<object?, TState> callback, TState state) => _kept.ForEachScope(callback, state);

    public IDisposable Push(object? state) => state is RequestScope ? _kept.Push(state) : Ignored.One;

    private sealed class Ignored : IDisposable
    {
        public static readonly Ignored One = new();

        public void Dispose()
        {
        }
    }
}
