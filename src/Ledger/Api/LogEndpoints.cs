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
        var note = Encoding.UTF8.GetBytes(latest.Note);
        var etag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(note).AsSpan(0, 16))}\"");
        context.Response.Headers.ETag = etag.ToString();
        context.Response.Headers.CacheControl = "public, max-age=1";
        return Conditional.Knows(context.Request, etag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Text(note, "text/plain; charset=utf-8");
    }

    private static async Task<IResult> TileAsync(HttpContext context, string level, string? number, PublishedLog log)
    {
        if (!TileId.TryParse($"tile/{level}/{number}", out var tile) || await log.TileAsync(tile, context.RequestAborted) is not { } hashes)
            return NoTile;
        context.Response.Headers.CacheControl = $"public, {ForEver}";
        return TypedResults.Bytes(hashes, Binary);
    }

    private static async Task<IResult> EntriesAsync(HttpContext context, string? number, PublishedLog log)
    {
        if (!TileId.TryParse($"tile/entries/{number}", out var bundle)
            || await log.EntriesAsync(bundle, context.RequestAborted) is not { } entries)
            return NoTile;
        context.Response.Headers.CacheControl = $"private, {ForEver}";
        return TypedResults.Bytes(entries, Binary);
    }

    internal static ErrorAnswer NothingPublished { get; } = new(404, "no checkpoint is published yet");
    internal static ErrorAnswer NoTile { get; } = new(404, "the published log has no such tile");
}
