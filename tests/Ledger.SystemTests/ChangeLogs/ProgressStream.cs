using System.Text.Json;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>A progress stream as its client reads it.</summary>
internal sealed class ProgressStream : IDisposable
{
    private readonly StreamReader _reader;

    private ProgressStream(HttpResponseMessage response, StreamReader reader) => (Response, _reader) = (response, reader);

    public HttpResponseMessage Response { get; }

    /// <summary>The id of the event that was read last.</summary>
    public string? LastId { get; private set; }

    /// <summary>Its document.</summary>
    public string? LastData { get; private set; }

    /// <param name="service">The service.</param>
    /// <param name="job">One of its bot's jobs.</param>
    /// <param name="lastEventId">What a client sends that comes back.</param>
    /// <param name="token">Null: of the client that may do everything.</param>
    /// <param name="node">Null: the service's first.</param>
    /// <param name="cookie">In a token's place: a session's.</param>
    public static async Task<ProgressStream> OpenAsync(
        TestService service, string job, string? lastEventId = null, string? token = null, HttpClient? node = null, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{service.Deletions}/{job}/progress");
        if (cookie is null)
            request.Headers.Add("auth", token ?? service.Token());
        else
            request.Headers.Add("Cookie", $"ledger-session={cookie}");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await (node ?? service.Client).SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new ProgressStream(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next line; null at the stream's end.</summary>
    public Task<string?> LineAsync() => _reader.ReadLineAsync().WaitAsync(Patience.Limit, TimeProvider.System);

    /// <summary>The next event, in short: status, phase, processed of identified.</summary>
    public async Task<string> NextAsync()
    {
        var lines = new List<string>();
        while (lines.Count < 3 && await LineAsync() is { } line)
        {
            if (line.Length > 0)
                lines.Add(line);
        }
        Assert.StartsWith("id: ", lines[0], StringComparison.Ordinal);
        Assert.Equal("event: status", lines[1]);
        (LastId, LastData) = (lines[0]["id: ".Length..], lines[2]["data: ".Length..]);
        var status = JsonDocument.Parse(LastData).RootElement;
        var result = status.GetProperty("result");
        var counts = $"{result.GetProperty("processedCount")}/{result.GetProperty("totalConversations")}";
        return $"{status.GetProperty("status")} {status.GetProperty("phase")} {counts}";
    }

    /// <summary>What comes until the stream's end, empty lines left out.</summary>
    public async Task<IReadOnlyList<string>> RestAsync()
    {
        var rest = new List<string>();
        using var deadline = new CancellationTokenSource(Patience.Limit);
        while (await _reader.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.Length > 0)
                rest.Add(line);
        }
        return rest;
    }

    public void Dispose()
    {
        _reader.Dispose();
        Response.Dispose();
    }
}
