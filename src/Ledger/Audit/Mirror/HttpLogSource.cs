using System.Net;
using System.Runtime.CompilerServices;
using Ledger.Contracts.Transparency;

namespace Ledger.Audit.Mirror;

/// <summary>A log that is served over HTTP as tlog-tiles has it.</summary>
/// <param name="http">With the log's URL, ended by a slash, as its base address, and whatever the entries need.</param>
internal sealed class HttpLogSource(HttpClient http) : ILogSource
{
    public async Task<string?> CheckpointAsync(CancellationToken cancel)
    {
        var note = await GetAsync("checkpoint", isOptional: true, cancel);
        return note is null ? null : System.Text.Encoding.UTF8.GetString(note);
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
            return TileId.ReadBundle(bundle) is { } entries && entries.Count == width ? entries : throw new FormatException($"it does not have {width} entries");
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
            using var response = await http.GetAsync(path, cancel);
            if (response.IsSuccessStatusCode)
                return await response.Content.ReadAsByteArrayAsync(cancel);
            return isOptional && response.StatusCode == HttpStatusCode.NotFound ? null : throw new MirrorException(
                $"{http.BaseAddress}{path} answered {(int)response.StatusCode}{(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? ": entries need a token of a client with the scope 'Ledger Audit' (--token)" : "")}");
        }
        catch (HttpRequestException e)
        {
            throw new MirrorException($"{http.BaseAddress}{path} cannot be reached: {e.Message}", e);
        }
    }
}
