using System.Net;
using Ledger.SystemTests.Http;
using Ledger.SystemTests.Reference;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Ledger.SystemTests.Contract;

/// <summary>The answer to a scenario, in the form of the answers that come over a connection.</summary>
internal static class ScenarioAnswer
{
    private static readonly object s_key = new();

    /// <summary>Holds it against the API's document, and keeps it for <see cref="Of"/>.</summary>
    /// <param name="context">Null: there was none, and the scenario fails anyhow.</param>
    public static async Task HoldAsync(HttpContext? context, HeldAgainstDocument held)
    {
        if (context is null)
            return;
        var answer = await ReadAsync(context.Response);
        context.Items[s_key] = answer;
        var address = new Uri(context.Request.GetEncodedUrl());
        await held.HoldAsync(address, new HttpMethod(context.Request.Method), answer, CancellationToken.None);
    }

    public static Task<Answer> Of(HttpContext context) => Answer.OfAsync((HttpResponseMessage)context.Items[s_key]!);

    private static async Task<HttpResponseMessage> ReadAsync(HttpResponse response)
    {
        var body = new MemoryStream();
        await response.Body.CopyToAsync(body);
        response.Body = body; // so that it can be read again
        var answer = new HttpResponseMessage((HttpStatusCode)response.StatusCode) { Content = new ByteArrayContent(body.ToArray()) };
        foreach (var (name, values) in response.Headers)
        {
            if (!answer.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                answer.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
        return answer;
    }
}
