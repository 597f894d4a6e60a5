using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Ledger.Database.Embedded;
using Ledger.Machine;
using Microsoft.Playwright;

namespace Ledger.SystemTests.Browser;

/// <summary>
/// Deque's axe-core, which finds what keeps people out of a page: from npm once, compared with a pinned checksum, kept per user. It is a
/// tool of the tests and part of nothing that is given away.
/// </summary>
internal static class AxeCore
{
    private const string Version = "4.14.1";

    /// <summary><c>npm view axe-core@VERSION dist.integrity</c></summary>
    private const string Sha512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";

    private static readonly Lazy<Task<(string? Script, string Refusal)>> Script = new(GetAsync);

    /// <summary>What axe finds wrong on a page: rule, impact, and the elements. Skips the test where axe is not to be had.</summary>
    public static async Task<IReadOnlyList<string>> ViolationsAsync(IPage page)
    {
        var (script, refusal) = await Script.Value;
        Requires.That(script is not null, $"axe-core cannot be had: {refusal}");
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
            await page.EvaluateAsync(script!);
        var found = await page.EvaluateAsync<JsonElement>(
            """
            async () => (await axe.run(document, { resultTypes: ['violations'], preload: false })).violations
                .map(rule => {
                    const words = node => node.any.concat(node.all, node.none).map(check => check.message).join('; ');
                    const nodes = rule.nodes.map(node => node.target.join(' ') + ' ' + words(node));
                    return `${rule.id} (${rule.impact}): ${nodes.join(' | ')}`;
                })
            """);
        return [.. found.EnumerateArray().Select(violation => violation.GetString()!)];
    }

    private static async Task<(string? Script, string Refusal)> GetAsync()
    {
        var folder = Path.Combine(DataFolder.Cache(), "axe-core");
        var file = Path.Combine(folder, $"{Version}.js");
        if (File.Exists(file))
            return (await File.ReadAllTextAsync(file), "");
        var partial = Directory.CreateDirectory($"{file}.{Environment.ProcessId}.partial").FullName;
        try
        {
            var packed = await ShortProgram.RunAsync(
                ["npm", "pack", $"axe-core@{Version}", "--ignore-scripts", "--loglevel=error", $"--cache={Path.Combine(partial, "npm")}"],
                CancellationToken.None, partial, wholeEnvironment: true);
            if (packed.ExitCode != 0)
                return (null, packed.Output);
            var tarball = Directory.GetFiles(partial, "*.tgz").Single();
            if (await NpmPostgres.WrongChecksumAsync(tarball, Sha512, CancellationToken.None) is { } wrong)
                return (null, wrong);
            var script = await ReadAsync(tarball, "package/axe.min.js");
            await File.WriteAllTextAsync(Path.Combine(partial, "axe.js"), script);
            File.Move(Path.Combine(partial, "axe.js"), file, overwrite: true);
            return (script, "");
        }
        finally
        {
            Directory.Delete(partial, recursive: true);
        }
    }

    private static async Task<string> ReadAsync(string tarball, string name)
    {
        using var tar = new TarReader(new GZipStream(File.OpenRead(tarball), CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name != name)
                continue;
            using var reader = new StreamReader(entry.DataStream!);
            return await reader.ReadToEndAsync();
        }
        throw new InvalidDataException($"{tarball} holds no {name}");
    }
}
