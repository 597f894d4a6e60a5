using System.Net;
using System.Text.Json;
using Ledger.Cli;
using Ledger.Contracts.Jobs;

namespace Ledger.Demo;

/// <summary>One conversation's outcome as the API answers it.</summary>
internal sealed record DemoOutcome(long Ordinal, string? ConversationId, string Outcome, string? Reason)
{
    public override string ToString() => nameof(DemoOutcome);
}

/// <summary>The API as the demo calls it.</summary>
internal sealed class DemoApi(string address, Func<string> token) : IDisposable
{
    private const int PageSize = 1000;

    private readonly ServiceApi _api = new(address, token);

    /// <summary>Submits the job and returns its id.</summary>
    public Task<JobId> SubmitAsync(DemoJob job, CancellationToken cancel) =>
        _api.SubmitAsync(job.Bot, job.Body, job.IdempotencyKey, cancel);

    /// <summary>The status document.</summary>
    public async Task<JsonElement> StatusAsync(DemoJob job, CancellationToken cancel) =>
        JsonElement.Parse(await _api.StatusAsync(job.Bot, job.Id, cancel));

    /// <summary>All outcomes, page by page.</summary>
    public async Task<IReadOnlyList<DemoOutcome>> OutcomesAsync(DemoJob job, CancellationToken cancel)
    {
        var outcomes = new List<DemoOutcome>();
        var after = "";
        while (true)
        {
            var page = JsonElement.Parse(await _api.GetAsync($"{Path(job)}/outcomes?limit={PageSize}{after}", cancel));
            outcomes.AddRange(
                page.GetProperty("outcomes")
                    .EnumerateArray()
                    .Select(one => new DemoOutcome(
                        one.GetProperty("ordinal").GetInt64(), one.GetProperty("conversationId").GetString(),
                        one.GetProperty("outcome").GetString()!, one.GetProperty("reason").GetString()))
            );
            if (page.GetProperty("next").ValueKind == JsonValueKind.Null)
                return outcomes;
            after = $"&after={page.GetProperty("next").GetInt64()}";
        }
    }

    /// <summary>
    /// The job's erasure proof, once the log covers it: an event is covered within a second, and a busy machine may take a few.
    /// </summary>
    public Task<byte[]> JobProofAsync(DemoJob job, CancellationToken cancel) => _api.GetAsync($"{Path(job)}/proof", cancel);

    /// <summary>The proof of one conversation of the job.</summary>
    public Task<byte[]> ConversationProofAsync(DemoJob job, string conversationId, CancellationToken cancel) =>
        _api.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, $"{Path(job)}/proof") { Content = JsonContent.Create(new { conversationId }) },
            HttpStatusCode.OK, mayRepeat: true, cancel);

    public void Dispose() => _api.Dispose();

    private static string Path(DemoJob job) => $"{ServiceApi.Deletions(job.Bot)}/{job.Id}";
}
