using Ledger.Contracts.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Pages;

/// <summary>Pages for people when a page cannot be shown. Programs get the envelope of <see cref="ErrorAnswer"/>.</summary>
internal static class ErrorPages
{
    private static readonly string[] ForPrograms = ["/api", "/log/checkpoint", "/log/tile", "/health", "/openapi", "/assets"];

    /// <summary>True if a browser asks for a page. A program does not ask for HTML, or asks for other paths.</summary>
    private static bool IsForPerson(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !Array.Exists(ForPrograms, prefix => request.Path.StartsWithSegments(prefix));

    /// <summary>Makes the writer that shows errors to people.</summary>
    public static ErrorPageWriter Of(Html html) => async (context, answer) =>
    {
        if (!IsForPerson(context.Request))
            return false;
        await SendAsync(html, context, answer);
        return true;
    };

    private static async Task SendAsync(Html html, HttpContext context, ErrorAnswer answer)
    {
        if (answer.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString();
        await (
            await PageAsync(html, context, answer.Status, Title(answer.Status), [.. answer.Messages.Select(Words.Sentence)])
        ).ExecuteAsync(context);
    }

    /// <summary>404: the same answer for a job that never was and a job of another bot.</summary>
    public static Task<IResult> UnknownJobAsync(Html html, HttpContext context) =>
        PageAsync(
            html, context, 404, "There is no such job",
            ["Or it belongs to a bot of which you have no grant. A whole job id is cdj- and a UUID."]);

    /// <summary>400: an address that is not well formed, such as one made up by hand.</summary>
    public static Task<IResult> MalformedAsync(Html html, HttpContext context, IEnumerable<string> problems) =>
        PageAsync(html, context, 400, Title(400), [.. problems.Select(Words.Sentence)]);

    /// <summary>400, 413, 415: a form that cannot be read.</summary>
    public static Task<IResult> FormAsync(Html html, HttpContext context, ErrorAnswer answer) =>
        PageAsync(html, context, answer.Status, "This form cannot be read", [.. answer.Messages.Select(Words.Sentence)]);

    /// <summary>403: tells which scope is needed.</summary>
    /// <param name="bot">The bot that it is needed for. Null for any bot.</param>
    public static Task<IResult> MissingScopeAsync(Html html, HttpContext context, string? bot, params Scope[] scopes)
    {
        var client = Caller.Of(context).ClientId;
        var needed = string.Join(" or ", scopes.Select(scope => $"“{Words.Scope(scope)}”"));
        return PageAsync(
            html,
            context,
            403,
            "This needs a scope that you do not have",
            [
                $"{(scopes.Length == 1 ? "The scope" : "One of the scopes")} {needed} {(bot is null ? "for a bot" : "for this bot")} is "
                + "needed. An administrator can grant it, beside what the client has:",
            ],
            $"ledger client grant {Words.Shell(client)} --bot {(bot is null ? "BOT" : Words.Shell(bot))} --scope "
            + $"{Words.ScopeOption(scopes[^1])}"
        );
    }

    /// <summary>403: a form that was not sent from a page of ours.</summary>
    public static Task<IResult> ForeignFormAsync(Html html, HttpContext context) => PageAsync(
        html, context, 403, "This was not sent from a page of the ledger",
        ["Open the page here and send it again. Behind a proxy, the service must know its own address: ledger serve --public-url."]);

    private static Task<IResult> PageAsync(
        Html html, HttpContext context, int status, string title, IReadOnlyList<string> messages, string? command = null) =>
        html.PageAsync<ErrorPage>(
            context,
            new Dictionary<string, object?>
            {
                [nameof(ErrorPage.Status)] = status,
                [nameof(ErrorPage.Title)] = title,
                [nameof(ErrorPage.Messages)] = messages,
                [nameof(ErrorPage.Command)] = command,
                [nameof(ErrorPage.Viewer)] = context.Features.Get<Caller>()?.ClientId,
            },
            status);

    private static string Title(int status) => status switch
    {
        400 => "This address is not right",
        404 => "There is nothing here",
        405 => "This page cannot be asked that way",
        409 => "That is not possible now",
        503 => "The ledger cannot answer at the moment",
        >= 500 => "Something went wrong here",
        _ => "The request was refused",
    };
}
