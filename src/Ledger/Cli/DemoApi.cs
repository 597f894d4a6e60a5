using System.Net;
using System.Text.Json;
using Ledger.Contracts.Jobs;

namespace Ledger.Cli;

/// <summary>One conversation's outcome as the API answers it.</summary>
internal sealed record DemoOutcome(long Ordinal, string? ConversationId, string Outcome, string? Reason)
{
    public override string ToString() => nameof(DemoOutcome);
}

/// <summary>The ledger's HTTP API as a client sees it.</summary>
internal sealed class DemoApi(string address, Func<string> token) : IDisposable
{
    private const int PageSize = 1000;

    /// <summary>An event is covered within a second; a busy machine may take a few.</summary>
    private const int Attempts = 30;

    private readonly HttpClient _http = new() { BaseAddress = new Uri(address) };

    /// <summary>Submits the job and returns its id.</summary>
    public async Task<JobId> SubmitAsync(DemoJob job, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Deletions(job)) { Content = JsonContent.Create(job.Body) };
        if (job.IdempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", job.IdempotencyKey);
        var answer = await SendAsync(request, HttpStatusCode.Accepted, cancel);
        return JobId.TryParse(answer.GetProperty("jobId").GetString(), out var id) ? id : throw new CommandException($"job {job.Number}: the API answered something that is no job id");
    }

    /// <summary>The status document.</summary>
    public async Task<JsonElement> StatusAsync(DemoJob job, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Deletions(job)}/{job.Id}");
        return await SendAsync(request, HttpStatusCode.OK, cancel);
    }

    /// <summary>All outcomes, page by page.</summary>
    public async Task<IReadOnlyList<DemoOutcome>> OutcomesAsync(DemoJob job, CancellationToken cancel)
    {
        var outcomes = new List<DemoOutcome>();
        var after = "";
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{Deletions(job)}/{job.Id}/outcomes?limit={PageSize}{after}");
            var page = await SendAsync(request, HttpStatusCode.OK, cancel);
            outcomes.AddRange(page.GetProperty("outcomes").EnumerateArray().Select(one => new DemoOutcome(
                one.GetProperty("ordinal").GetInt64(), one.GetProperty("conversationId").GetString(), one.GetProperty("outcome").GetString()!, one.GetProperty("reason").GetString())));
            if (page.GetProperty("next").ValueKind == JsonValueKind.Null)
                return outcomes;
            after = $"&after={page.GetProperty("next").GetInt64()}";
        }
    }

    /// <summary>The job's erasure proof.</summary>
    public Task<byte[]> JobProofAsync(DemoJob job, CancellationToken cancel) =>
        OnceCoveredAsync(() => new HttpRequestMessage(HttpMethod.Get, $"{Deletions(job)}/{job.Id}/proof"), cancel);

    /// <summary>The proof of one conversation of the job.</summary>
    public Task<byte[]> ConversationProofAsync(DemoJob job, string conversationId, CancellationToken cancel) => OnceCoveredAsync(
        () => new HttpRequestMessage(HttpMethod.Post, $"{Deletions(job)}/{job.Id}/proof") { Content = JsonContent.Create(new { conversationId }) }, cancel);

    public void Dispose() => _http.Dispose();

    private static string Deletions(DemoJob job) => $"/api/public/bot/{Uri.EscapeDataString(job.Bot)}/conversations/delete";

    /// <summary>Comes back, as a 503 asks to, until the log covers the job.</summary>
    private async Task<byte[]> OnceCoveredAsync(Func<HttpRequestMessage> make, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = make();
            request.Headers.Add("auth", token());
            using var response = await _http.SendAsync(request, cancel);
            if (response.StatusCode == HttpStatusCode.OK)
                return await response.Content.ReadAsByteArrayAsync(cancel);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || attempt == Attempts)
                throw Unexpected(request, response.StatusCode, await response.Content.ReadAsStringAsync(cancel));
            await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), TimeProvider.System, cancel);
        }
    }

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, HttpStatusCode expected, CancellationToken cancel)
    {
        request.Headers.Add("auth", token());
        using var response = await _http.SendAsync(request, cancel);
        var body = await response.Content.ReadAsStringAsync(cancel);
        // Error bodies are the API's envelope and quote no identifier.
        return response.StatusCode == expected
            ? JsonDocument.Parse(body).RootElement
            : throw Unexpected(request, response.StatusCode, body);
    }

    private static CommandException Unexpected(HttpRequestMessage request, HttpStatusCode status, string body) =>
        new($"the API answered {(int)status} to {request.Method} {request.RequestUri!.OriginalString.Split('?')[0]}: {body}");
}
