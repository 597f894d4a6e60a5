using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ledger.Web;

/// <summary>
/// The answer to every refused or failed request (contract §5): <c>{"errors":[{"msg","code"}]}</c>, one entry per problem. A message never
/// quotes what the client sent, because it could be an identifier. Only an unknown name of a few letters is quoted.
/// </summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">The code of each entry.</param>
/// <param name="messages">The problems and their remedies, at least one.</param>
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

    /// <summary>The body that is sent.</summary>
    public ReadOnlyMemory<byte> Body() =>
        JsonSerializer.SerializeToUtf8Bytes(
            new ErrorList([.. messages.Select(message => new ErrorEntry(message, code))]), ErrorJson.Readable.ErrorList);
}

/// <summary>The envelope of every refusal.</summary>
internal sealed record ErrorList(
    [property: Description("One entry per problem found."), MinLength(1)] IReadOnlyList<ErrorEntry> Errors);

internal sealed record ErrorEntry(
    [property: Description(
        "What is wrong and what to do. It never quotes what was sent, except for an unknown name of a few letters.")] string Msg,
    [property: Description("A code: mostly the status; 4002 for tokens and scopes, 5031 for an unknown outcome.")] int Code);

/// <summary>The JSON form of refusals.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ErrorList))]
internal sealed partial class ErrorJson : JsonSerializerContext
{
    /// <summary>The form with quotes in messages as \" and not as \u0022, because people read them.</summary>
    public static ErrorJson Readable =>
        s_readable ??= new ErrorJson(
            new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static ErrorJson? s_readable;
}
