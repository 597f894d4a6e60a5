using System.Collections.Concurrent;
using System.Text.Json;

namespace Ledger.SystemTests.Http.Generated;

/// <summary>What came back.</summary>
/// <param name="Status">0: it cannot be sent by this client, or the server hung up on a large body.</param>
/// <param name="Type">The media type of the body; null without a body.</param>
/// <param name="Body">The body; empty for a stream without end.</param>
internal sealed record GeneratedAnswer(int Status, string? Type, string Body, bool SaysWhenToRetry)
{
    public static async Task<GeneratedAnswer> OfAsync(HttpClient client, GeneratedRequest generated, CancellationToken cancel)
    {
        using var request = generated.Make();
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var type = response.Content.Headers.ContentType?.MediaType;
            return new GeneratedAnswer(
                (int)response.StatusCode, type, type == "text/event-stream" ? "" : await response.Content.ReadAsStringAsync(cancel),
                response.Headers.RetryAfter is not null);
        }
        catch (Exception e) when (e is HttpRequestException or InvalidOperationException or NotSupportedException or FormatException)
        {
            return new GeneratedAnswer(0, null, "", false);
        }
    }
}

/// <summary>The answers of a run, held against the contract.</summary>
internal sealed class Answers
{
    private readonly ConcurrentDictionary<string, bool> _jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _cancelled = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _holds = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _problems = new();
    private readonly ConcurrentQueue<GeneratedRequest> _refused = new();
    private int _refusals;

    /// <summary>How many answers had each status.</summary>
    public ConcurrentDictionary<int, int> Statuses { get; } = new();

    public IEnumerable<string> Problems => _problems;

    /// <summary>Some of the requests that were refused.</summary>
    public IEnumerable<GeneratedRequest> Refused => _refused;

    public void Add(int n, GeneratedRequest request, GeneratedAnswer answer)
    {
        Statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
        using var sent = request.Make();
        if (Problem(request, sent, answer) is { } problem && _problems.Count < 20)
            _problems.Enqueue($"{n}: {answer.Status} to {sent.Method} {sent.RequestUri} {sent.Headers} {problem}: {answer.Body}");
        // By what was sent: a request can be another operation's by its method.
        if (answer.Status == 202)
            (sent.Method == HttpMethod.Delete ? _cancelled : _jobs)[Member(answer, "jobId")] = true;
        if (answer.Status == 201)
            _holds[Member(answer, "holdId")] = true;
        if (answer.Status >= 400 && !request.IsOfConsole && Interlocked.Increment(ref _refusals) % 64 == 0 && _refused.Count < 200)
            _refused.Enqueue(request);
    }

    /// <summary>The number of events of a type that the answers told of.</summary>
    public IEnumerable<(string Type, long Count)> Recorded() =>
    [
        ("submitted", _jobs.Count), ("job_cancelled", _cancelled.Count), ("legal_hold_placed", _holds.Count),
        ("bot_registered", 0), ("bot_changed", 0), ("client_granted", 0), ("client_registered", 0), ("client_secret_issued", 0),
        ("client_secret_retired", 0), ("client_revoked", 0), ("window_defined", 0), ("webhook_disabled", 0), ("started", 0),
        ("conversation_deleted", 0), ("job_key_destroyed", 0), ("erased_conversations_imported", 0),
    ];

    private static string Member(GeneratedAnswer answer, string name)
    {
        using var json = JsonDocument.Parse(answer.Body);
        return json.RootElement.GetProperty(name).GetString()!;
    }

    private static string? Problem(GeneratedRequest request, HttpRequestMessage sent, GeneratedAnswer answer)
    {
        if (answer.Status is 0 or < 400)
            return null;
        // What no checkpoint covers yet.
        if (answer.Status >= 500 && !(answer.Status == 503 && answer.SaysWhenToRetry && request.Operation is not null))
            return "is the service's own fault";
        if (answer.Body.Contains("   at ", StringComparison.Ordinal))
            return "shows code";
        // What Kestrel refuses by itself has no body, and neither has an answer to HEAD.
        if (sent.Method == HttpMethod.Head || (answer.Body.Length == 0 && answer.Status is 400 or 414 or 431))
            return null;
        return answer.Type switch
        {
            "application/json" => IsEnvelope(answer) ? null : "is not the envelope",
            "text/html" when request.IsOfConsole || request.Operation is null => null,
            _ => $"is {answer.Type ?? "nothing"}",
        };
    }

    private static bool IsEnvelope(GeneratedAnswer answer)
    {
        using var json = JsonDocument.Parse(answer.Body);
        return json.RootElement.EnumerateObject().Select(member => member.Name).SequenceEqual(["errors"])
            && json.RootElement.GetProperty("errors").EnumerateArray().ToList() is { Count: > 0 } errors
            && errors.TrueForAll(error => error.EnumerateObject().Select(member => member.Name).SequenceEqual(["msg", "code"])
                && error.GetProperty("msg").GetString()!.Length > 0 && error.GetProperty("code").GetInt32() > 0);
    }
}
