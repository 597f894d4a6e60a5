using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;

namespace Ledger.Web;

/// <summary><c>/assets/…</c>: style sheets, scripts and pictures, embedded from the folder <c>assets</c>.</summary>
/// <remarks>
/// A page links assets by <see cref="Url"/>, whose <c>v</c> is the content's hash, so a linked asset may be kept for ever. A script that
/// imports another one names no hash. An asset without a hash must be asked for again each time (<c>no-cache</c>), and is answered 304
/// while it is the same.
/// </remarks>
internal static class Assets
{
    private const string Prefix = "assets/";

    private sealed record Asset(byte[] Content, string Hash, string ContentType);

    private static readonly FrozenDictionary<string, Asset> All = Load();

    public static void Map(WebApplication app) =>
        app.MapGet("/assets/{**name}", Answer).ExcludeFromDescription();

    /// <summary>The address of an asset, such as <c>site.css</c>.</summary>
    /// <exception cref="KeyNotFoundException">No asset has this name, so a page is wrong.</exception>
    public static string Url(string name) => $"/{Prefix}{name}?v={All[name].Hash}";

    /// <summary>The text of an asset, for a document that must stay whole when it is saved.</summary>
    /// <exception cref="KeyNotFoundException">No asset has this name, so a page is wrong.</exception>
    public static string Text(string name) => System.Text.Encoding.UTF8.GetString(All[name].Content);

    private static IResult Answer(HttpContext context, string? name, string? v)
    {
        if (!All.TryGetValue(name ?? "", out var asset))
            return new ErrorAnswer(404, "there is no such asset");
        context.Response.Headers.CacheControl = v == asset.Hash ? "public, max-age=31536000, immutable" : "no-cache";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.Bytes(
            asset.Content, asset.ContentType, entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{asset.Hash}\""));
    }

    private static FrozenDictionary<string, Asset> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);
    }

    private static Asset Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new Asset(content, Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8)), ContentType(Path.GetExtension(name)));
    }

    private static string ContentType(string extension) => extension switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        _ => throw new InvalidOperationException($"an asset of unknown kind: {extension}"),
    };
}
