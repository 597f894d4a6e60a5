using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ledger.Web;

/// <summary>
/// The answer to every refused or failed request (contract §5): <c>{"errors":[{"msg","code"}]}</c>, one entry per problem. A message never
/// quotes what the client sent: it could be an identifier.
/// </summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">The code of each entry.</param>
/// <param name="messages">What is wrong and what to do, at least one.</param>
/// <param name="retryAfter">Whole seconds for <c>Retry-After</c>.</param>
internal sealed class ErrorAnswer(int status, int code, IReadOnlyList<string> messages, int? retryAfter = null) : IResult
{
    public ErrorAnswer(int status, string message, int? retryAfter = null) : this(status, status, [message], retryAfter) { }

    public int Status => status;

    public IReadOnlyList<string> Messages => messages;

    public int? RetryAfter => retryAfter;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        // 404 and 405 may be cached by default, and are no longer true a moment later.
        response.Headers.CacheControl = "no-store";
        if (retryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString();
        var body = Body();
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body).AsTask();
    }

    /// <summary>What is sent.</summary>
    public ReadOnlyMemory<byte> Body()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Readable);
        writer.WriteStartObject();
        writer.WriteStartArray("errors");
        foreach (var message in messages)
        {
            writer.WriteStartObject();
            writer.WriteString("msg", message);
            writer.WriteNumber("code", code);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    // Quotes in messages as \" and not as \u0022: people read them.
    private static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };
}
