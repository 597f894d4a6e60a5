using System.Security.Cryptography;
using System.Text;
using Ledger.Api.Reference;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Log;
using Ledger.Web;
using Ledger.Web.Tokens;
using Microsoft.Net.Http.Headers;

namespace Ledger.Api;

/// <summary>
/// <c>/log/…</c>: the log as C2SP tlog-tiles (contract §6). Checkpoint and tiles are public: they are hashes only. Entries hold every
/// bot's events.
/// </summary>
internal static class LogEndpoints
{
    private const string Binary = "application/octet-stream";
    private const string ForEver = "max-age=31536000, immutable";

    public static void Map(WebApplication app)
    {
        app.MapGet("/log/checkpoint", CheckpointAsync)
            .WithName("getLogCheckpoint")
            .Describe(LogOperations.Checkpoint);
        app.MapGet("/log/tile/{level}/{**number}", TileAsync)
            .WithName("getLogTile")
            .Describe(LogOperations.Tile);
        app.MapGet("/log/tile/entries/{**number}", EntriesAsync)
            .RequireAuthorization(ScopeRequirement.OneOf(Scope.LedgerAudit))
            .WithName("getLogEntries")
            .Describe(LogOperations.Entries);
    }

    private static async Task<IResult> CheckpointAsync(HttpContext context, PublishedLog log)
    {
        if (await log.LatestAsync(context.RequestAborted) is not { } latest)
            return NothingPublished;
        return Known(context, Encoding.UTF8.GetBytes(latest.Note), "text/plain; charset=utf-8", "public, max-age=1");
    }

    private static async Task<IResult> TileAsync(HttpContext context, string level, string? number, PublishedLog log)
    {
        if (!TileId.TryParse($"tile/{level}/{number}", out var tile) || await log.TileAsync(tile, context.RequestAborted) is not { } hashes)
            return NoTile;
        return Known(context, hashes, Binary, $"public, {ForEver}");
    }

    private static async Task<IResult> EntriesAsync(HttpContext context, string? number, PublishedLog log)
    {
        if (!TileId.TryParse($"tile/entries/{number}", out var bundle)
            || await log.EntriesAsync(bundle, context.RequestAborted) is not { } entries)
            return NoTile;
        return Known(context, entries, Binary, $"private, {ForEver}");
    }

    /// <summary>The content with its validator, or 304 for a client that has it.</summary>
    private static IResult Known(HttpContext context, ReadOnlyMemory<byte> content, string type, string cacheControl)
    {
        var etag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content.Span).AsSpan(0, 16))}\"");
        context.Response.Headers.ETag = etag.ToString();
        context.Response.Headers.CacheControl = cacheControl;
        return Conditional.Knows(context.Request, etag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Bytes(content, type);
    }

    internal static ErrorAnswer NothingPublished { get; } = new(404, "no checkpoint is published yet");
    internal static ErrorAnswer NoTile { get; } = new(404, "the published log has no such tile");
}
