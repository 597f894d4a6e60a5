namespace Ledger.Pages;

/// <summary>The answer to a form, which makes the next request a GET of this path. (The framework's redirections are 302 and
/// 307.)</summary>
internal sealed class SeeOther(string path) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = path;
        return Task.CompletedTask;
    }
}
