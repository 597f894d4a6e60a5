using System.Net;
using System.Runtime.CompilerServices;
using Ledger.Contracts.Bytes;
using Ledger.Contracts.Transparency;
using Ledger.Machine;

namespace Ledger.Audit.Mirror;

/// <summary>A log that is served over HTTP as tlog-tiles has it.</summary>
/// <param name="http">With the log's URL, ended by a slash, as its base address, and whatever the entries need.</param>
internal sealed class HttpLogSource(HttpClient http) : ILogSource
{
    /// <summary>The log's place under the address of a service.</summary>
    private const string OfService = "log/";

    /// <summary>Bytes of an answer, at most: a full bundle of the largest entries, each behind its length of two bytes.</summary>
    private const long MaxAnswerBytes = TileId.FullWidth * (2L + LeafEntry.MaxBytes);

    /// <summary>
    /// A client that follows no redirection, which could lead the token to another host, and takes no answer that is larger than any of a
    /// log's can be.
    /// </summary>
    /// <param name="log">The log's URL, ended by a slash.</param>
    /// <param name="token">Of a client with the scope 'Ledger Audit'; null: none.</param>
    public static HttpClient Client(Uri log, string? token)
    {
        var http = new HttpClient(OutgoingHttp.Handler()) { BaseAddress = log, MaxResponseContentBufferSize = MaxAnswerBytes };
        if (token is not null)
            http.DefaultRequestHeaders.Add("auth", token);
        return http;
    }

    /// <summary>The log's place under the base address: empty, or <see cref="OfService"/> if that is a service's address.</summary>
    private string _place = "";

    public async Task<string?> CheckpointAsync(CancellationToken cancel)
    {
        var note = await GetAsync("checkpoint", isOptional: true, cancel);
        if (note is null)
        {
            _place = OfService;
            note = await GetAsync("checkpoint", isOptional: true, cancel);
        }
        try
        {
            return note is null ? null : StrictText.Utf8(note);
        }
        catch (FormatException e)
        {
            throw new MirrorException($"{http.BaseAddress}checkpoint is not a checkpoint: {e.Message}", e);
        }
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> EntriesAsync(long from, long to, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var number = from / TileId.FullWidth; number * TileId.FullWidth < to; number++)
        {
            var width = (int)Math.Min(to - number * TileId.FullWidth, TileId.FullWidth);
            var path = new TileId(TileId.Entries, number, width).Path;
            foreach (var entry in Entries(path, width, (await GetAsync(path, isOptional: false, cancel))!))
                yield return entry;
        }
    }

    private IReadOnlyList<ReadOnlyMemory<byte>> Entries(string path, int width, byte[] bundle)
    {
        try
        {
            return TileId.ReadBundle(bundle) is { } entries && entries.Count == width
                ? entries
                : throw new FormatException($"it does not have {width} entries");
        }
        catch (FormatException e)
        {
            throw new MirrorException($"{http.BaseAddress}{path} is not the bundle that it should be: {e.Message}", e);
        }
    }

    private async Task<byte[]?> GetAsync(string path, bool isOptional, CancellationToken cancel)
    {
        try
        {
            using var response = await http.GetAsync(_place + path, cancel);
            if (response.IsSuccessStatusCode)
                return await response.Content.ReadAsByteArrayAsync(cancel);
            return isOptional && response.StatusCode == HttpStatusCode.NotFound
                ? null
                : throw new MirrorException(
                    $"{http.BaseAddress}{_place}{path} answered {(int)response.StatusCode}{ToDo((int)response.StatusCode)}");
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new MirrorException(
                $"{http.BaseAddress}{path} answered more than the {MaxAnswerBytes:N0} bytes that an answer of a log can have: is it a "
                + "log's URL?",
                e);
        }
        catch (HttpRequestException e)
        {
            throw new MirrorException($"{http.BaseAddress}{path} cannot be reached: {e.Message}", e);
        }
    }

    private static string ToDo(int status) =>
        status switch
        {
            401 => ": entries need a valid token of a client with the scope 'Ledger Audit' for all bots (LEDGER_TOKEN or --token-stdin)",
            403 => ": entries are of every bot, and this client lacks the scope 'Ledger Audit' for one of them at least. The operator can "
                + "grant it for all bots, also for those to come: ledger client grant CLIENT --bot '*' --scope ledger-audit",
            >= 300 and < 400 =>
                ": redirections are not followed, so that the token goes nowhere else: give the URL that it leads to, if you trust it",
            _ => "",
        };
}
