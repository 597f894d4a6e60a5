using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Contracts.Jobs;
using Ledger.Machine;

namespace Ledger.Cli;

/// <summary>The ledger's HTTP API as its clients see it.</summary>
/// <param name="address">Of the service, such as <c>https://ledger.example.com</c>.</param>
/// <param name="token">The token to send.</param>
/// <param name="time">Waits between attempts; null: the system's.</param>
internal sealed class ServiceApi(string address, Func<string> token, TimeProvider? time = null) : IDisposable
{
    /// <summary>The maximum number of attempts for a call that gets "come back later" or no answer.</summary>
    private const int Attempts = 30;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http = new(OutgoingHttp.Handler()) { BaseAddress = new Uri(address) };

    /// <summary><c>/api/public/bot/…/conversations/delete</c></summary>
    public static string Deletions(string bot) => $"/api/public/bot/{Uri.EscapeDataString(bot)}/conversations/delete";

    /// <summary>Submits a job and returns its id.</summary>
    /// <param name="idempotencyKey">The idempotency key. With one, a request without an answer is sent again.</param>
    public async Task<JobId> SubmitAsync(string bot, JsonObject body, string? idempotencyKey, CancellationToken cancel)
    {
        var answer = await SendAsync(Request, HttpStatusCode.Accepted, idempotencyKey is not null, cancel);
        using var document = JsonDocument.Parse(answer);
        return JobId.TryParse(document.RootElement.GetProperty("jobId").GetString(), out var id)
            ? id
            : throw new CommandException("the API answered something that is no job id");

        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(HttpMethod.Post, Deletions(bot)) { Content = JsonContent.Create(body) };
            if (idempotencyKey is not null)
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            return request;
        }
    }

    /// <summary>The preview of a job, as JSON. It is not repeated when it takes too long, which is answered 503.</summary>
    public async Task<string> PreviewAsync(string bot, JsonObject body, CancellationToken cancel) =>
        System.Text.Encoding.UTF8.GetString(await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, $"{Deletions(bot)}/preview") { Content = JsonContent.Create(body) },
            HttpStatusCode.OK, mayRepeat: false, cancel));

    /// <summary>The status document.</summary>
    public async Task<string> StatusAsync(string bot, JobId job, CancellationToken cancel) =>
        System.Text.Encoding.UTF8.GetString(await GetAsync($"{Deletions(bot)}/{job}", cancel));

    /// <summary>Cancels a job and returns its status document. A call without an answer is not repeated: it may have been carried
    /// out.</summary>
    public async Task<string> CancelAsync(string bot, JobId job, CancellationToken cancel) =>
        System.Text.Encoding.UTF8.GetString(
            await SendAsync(
                () => new HttpRequestMessage(HttpMethod.Delete, $"{Deletions(bot)}/{job}"), HttpStatusCode.Accepted, mayRepeat: false,
                cancel));

    public Task<byte[]> GetAsync(string path, CancellationToken cancel) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), HttpStatusCode.OK, mayRepeat: true, cancel);

    /// <summary>Sends until the answer is neither 429 nor 503, or the attempts are used up.</summary>
    /// <param name="make">Makes a new request for each attempt.</param>
    /// <param name="expected">The status of success.</param>
    /// <param name="mayRepeat">True if a request that may have been carried out may be sent again.</param>
    /// <exception cref="CommandException">It was refused.</exception>
    /// <exception cref="HttpRequestException">It was not answered: see <see cref="WasNotSent"/>.</exception>
    public async Task<byte[]> SendAsync(Func<HttpRequestMessage> make, HttpStatusCode expected, bool mayRepeat, CancellationToken cancel)
    {
        var mayBeCarriedOut = false;
        for (var attempt = 1; ; attempt++)
        {
            using var request = make();
            request.Headers.Add("auth", token());
            TimeSpan wait;
            try
            {
                using var response = await _http.SendAsync(request, cancel);
                if (response.StatusCode == expected)
                    return await response.Content.ReadAsByteArrayAsync(cancel);
                if (!IsLater(response.StatusCode, mayRepeat) || attempt == Attempts)
                    throw Refused(request, response.StatusCode, await response.Content.ReadAsStringAsync(cancel));
                wait = Wait(response.Headers.RetryAfter);
                mayBeCarriedOut |= response.StatusCode == HttpStatusCode.ServiceUnavailable;
            }
            catch (HttpRequestException e) when (mayRepeat && (mayBeCarriedOut || !WasNotSent(e)))
            {
                // The connection broke under it. Now that nobody listens says nothing of what became of it.
                mayBeCarriedOut = true;
                if (attempt == Attempts)
                    throw new HttpRequestException(HttpRequestError.Unknown, e.Message, e);
                wait = BetweenAttempts;
            }
            await Task.Delay(wait, time ?? TimeProvider.System, cancel);
        }
    }

    /// <summary>Nobody was reached: the request was certainly not carried out.</summary>
    public static bool WasNotSent(HttpRequestException e) => e.HttpRequestError
        is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;

    public void Dispose() => _http.Dispose();

    /// <summary>503 can mean that the outcome is unknown (5031).</summary>
    private static bool IsLater(HttpStatusCode status, bool mayRepeat) =>
        status == HttpStatusCode.TooManyRequests || (status == HttpStatusCode.ServiceUnavailable && mayRepeat);

    private static TimeSpan Wait(RetryConditionHeaderValue? retryAfter) =>
        retryAfter?.Delta is { } wait ? (wait < LongestWait ? wait : LongestWait) : BetweenAttempts;

    private static CommandException Refused(HttpRequestMessage request, HttpStatusCode status, string body)
    {
        var hint = status switch
        {
            HttpStatusCode.Unauthorized =>
                ": the token is not a live client's of this bot, or is too old; `ledger token --client ID` makes one",
            HttpStatusCode.Forbidden => ": `ledger client grant` gives the scope",
            _ => "",
        };
        return new CommandException(
            $"the API answered {(int)status} to {request.Method} {request.RequestUri!.OriginalString.Split('?')[0]} "
            + $"({Messages(body)}){hint}"
        );
    }

    /// <summary>
    /// The messages in the API's error envelope, which quote no identifier. For any other body (a proxy's page), a fixed text.
    /// </summary>
    private static string Messages(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return string.Join(
                "; ", document.RootElement.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("msg").GetString()));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "not an answer of the ledger's: is the URL right?";
        }
    }
}
