using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Verifier;

/// <summary>The checker of the verify page, run by node: <c>tests/browser/verify.mjs</c>.</summary>
internal static class BrowserVerifier
{
    public const string Missing = "node 18 or later is not installed (it comes with npm)";

    /// <summary>It has WebCrypto's Ed25519, as browsers do.</summary>
    public static bool IsInstalled { get; } = IsNode18();

    private static readonly Lazy<string> s_modules = new(CopyModules);

    /// <summary>What came of each, in their order. Node is started once for all of them.</summary>
    public static async Task<IReadOnlyList<BrowserResult>> CheckAsync(IReadOnlyCollection<BrowserRequest> requests)
    {
        using var node = Start("--no-warnings", "verify.mjs", Path.Combine(s_modules.Value, "verify.js"));
        var results = new List<BrowserResult>(requests.Count);
        var reading = ReadAsync(node, results);
        var errors = node.StandardError.ReadToEndAsync();
        try
        {
            foreach (var request in requests)
                await node.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request, JsonSerializerOptions.Web));
            node.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended early, and says why.
        }
        await reading;
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0 && results.Count == requests.Count, await errors);
        return results;
    }

    private static async Task ReadAsync(Process node, List<BrowserResult> results)
    {
        while (await node.StandardOutput.ReadLineAsync() is { } line)
            results.Add(JsonSerializer.Deserialize<BrowserResult>(line, JsonSerializerOptions.Web)!);
    }

    /// <summary>The page's modules, in a folder that tells node what they are: in the source tree they belong to no package.</summary>
    private static string CopyModules()
    {
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "verify-page")).FullName;
        foreach (var module in Directory.GetFiles(Path.Combine(SourceTree.Root, "src", "Ledger", "Pages", "assets", "verify"), "*.js"))
            File.Copy(module, Path.Combine(folder, Path.GetFileName(module)), overwrite: true);
        File.WriteAllText(Path.Combine(folder, "package.json"), """{ "private": true, "type": "module" }""");
        return folder;
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("node", arguments)
    {
        WorkingDirectory = Path.Combine(SourceTree.Root, "tests", "browser"),
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        StandardOutputEncoding = Encoding.UTF8,
    })!;

    private static bool IsNode18()
    {
        try
        {
            using var node = Start("--version");
            var version = node.StandardOutput.ReadToEnd();
            node.WaitForExit();
            return Version.TryParse(version.Trim().TrimStart('v'), out var number) && number.Major >= 18;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A proof and what to check it by, as verify.js takes them.</summary>
internal sealed record BrowserRequest(
    byte[] Proof, string Key, IReadOnlyList<string> Witnesses, byte[]? Older = null, byte[]? Consistency = null, byte[]? Policy = null)
{
    public static BrowserRequest Of(byte[] proof, Trust trust) => new(
        proof, trust.Log.ToString(), [.. trust.Witnesses.Select(witness => witness.ToString())],
        Utf8(trust.Older?.ToString()), Utf8(trust.Consistency?.ToString()), Utf8(trust.Policy is null ? null : Text(trust.Policy)));

    private static byte[]? Utf8(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static string Text(Policy policy) => string.Concat([
        .. policy.Logs.Select(log => $"log {log.Key}\n"),
        .. policy.Witnesses.Select(witness => $"witness {witness.Name} {witness.Key}\n"),
        .. policy.Groups.Select(group => $"group {group.Name} {group.Needed} {string.Join(' ', group.Members)}\n"),
        $"quorum {policy.Quorum}\n"]);
}

/// <summary>As verify.js gives it.</summary>
/// <param name="Verdict"><c>holds</c>, <c>fails</c>, <c>notProven</c> or <c>unchecked</c>.</param>
internal sealed record BrowserResult(string Verdict, string? Problem, BrowserReport? Report);

internal sealed record BrowserReport(string Conclusion, string Headline, string[][] Facts, string[] Proven, string[] NotProven)
{
    /// <summary>As erasure-verify prints it, but for the lines' lengths.</summary>
    public string Text() =>
        string.Join(
            ' ',
            [
                Headline, "The proof holds.", .. Facts.SelectMany(fact => fact), "What this proves",
                .. Proven.Select(sentence => $"- {sentence}"), "What this does NOT prove", .. NotProven.Select(sentence => $"- {sentence}"),
            ]
        );
}
