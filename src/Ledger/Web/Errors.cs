using System.Diagnostics;
using Ledger.Certificates;
using Ledger.Database;
using Ledger.Database.Checks;
using Ledger.EventStore;
using Ledger.Keys;
using Microsoft.Net.Http.Headers;

namespace Ledger.Web;

/// <summary>
/// The one place where exceptions become HTTP answers (contract §5). It also gives the envelope to
/// answers that the framework makes without a body: 404, 405, and refusals by Kestrel's limits. A person at the console gets a page
/// instead.
/// </summary>
internal sealed class Errors(RequestDelegate next, ErrorPageWriter page, ILogger<Errors> log)
{
    /// <summary>Number of seconds after which a client may try again when the database could not be reached.</summary>
    private const int RetryAfterSeconds = 2;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false } wrong)
                wrong.Headers.Allow = HeadRequests.Allow(wrong.Headers.GetCommaSeparatedValues(HeaderNames.Allow));
            if (context.Response is { StatusCode: >= 400, HasStarted: false, ContentType: null, ContentLength: null } response)
                await SendAsync(context, ForStatus(response.StatusCode, response.Headers.Allow));
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: nobody reads an answer, and nothing is wrong here.
        }
        catch (Exception exception)
        {
            await AnswerAsync(context, exception);
        }
    }

    private async Task AnswerAsync(HttpContext context, Exception exception)
    {
        var answer = For(exception);
        if (answer.Status == StatusCodes.Status500InternalServerError)
            log.LogError("internal error: {Cause}", exception is ContradictoryRecordException ? exception.Message : Describe(exception));
        else if (answer.Status == StatusCodes.Status503ServiceUnavailable)
            log.LogWarning("answered 503: {Cause}", Describe(exception));
        if (context.Response.HasStarted)
        {
            // Half an answer is out: cut it off, so that nobody takes it for a whole one.
            context.Abort();
            return;
        }
        context.Response.Clear();
        await SendAsync(context, answer);
    }

    private async Task SendAsync(HttpContext context, ErrorAnswer answer)
    {
        if (!await page(context, answer))
            await answer.ExecuteAsync(context);
    }

    public static ErrorAnswer Internal { get; } = new(500, "internal error");
    public static ErrorAnswer Unreachable { get; } =
        new(503, "the database cannot be reached at the moment: repeat the request later", RetryAfterSeconds);
    public static ErrorAnswer LostRace { get; } = new(409, "the job changed at the same moment, several times over: repeat the request");
    public static ErrorAnswer OutcomeUnknown { get; } =
        new(503, 5031, ["outcome unknown, repeat with the same Idempotency-Key"], RetryAfterSeconds);

    /// <summary>The answer when the log cannot be served. Health says why in plain words, and nobody else needs to know.</summary>
    public static ErrorAnswer LogUnavailable { get; } =
        new(503, "the log cannot be served at the moment: /health/ready says why", RetryAfterSeconds);

    internal static ErrorAnswer For(Exception exception) =>
        exception switch
        {
            LostRaceException => LostRace,
            OutcomeUnknownException => OutcomeUnknown,
            LogException => LogUnavailable,
            // Says where the record contradicts itself, and no identifier.
            ContradictoryRecordException contradiction => new ErrorAnswer(500, contradiction.Message),
            UnfitDatabaseException => new ErrorAnswer(
                503, "the database is not as it must be at the moment: /health/ready says why", RetryAfterSeconds),
            KeyFolderBehindException => new ErrorAnswer(
                503, "the service lacks a key at the moment: repeat the request later", RetryAfterSeconds),
            BadHttpRequestException bad => ForStatus(bad.StatusCode, allow: null),
            _ when Failure.IsUnreachable(exception) => Unreachable,
            _ => Internal,
        };

    internal static ErrorAnswer ForStatus(int status, string? allow) => new(status, status switch
    {
        400 => "the request is not well-formed HTTP",
        404 => "there is nothing at this path",
        405 => $"this path does not know this method: it knows {allow}",
        408 => "the request took too long to arrive",
        413 => "the body is too large",
        414 => "the request line is too long",
        415 => "the content type must be application/json",
        431 => "the headers are too large",
        _ => "the request was refused",
    });

    /// <summary>The kind of the failure and its call sites. It never holds an exception's message, which may quote an identifier.</summary>
    internal static string Describe(Exception exception) =>
        $"{Failure.Describe(exception)}{Environment.NewLine}{new StackTrace(exception, fNeedFileInfo: false)}";
}

/// <summary>
/// Answers a person's request with a page that says the same as the envelope. False if a program asked, and nothing is written.
/// </summary>
internal delegate Task<bool> ErrorPageWriter(HttpContext context, ErrorAnswer answer);
