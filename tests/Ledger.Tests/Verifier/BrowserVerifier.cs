using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Verifier;

/// <summary>The checker of the verify page, run by node: <c>tests/browser/verify.mjs</c>.</summary>
internal static class BrowserVerifier
{
    public const string Missing = "node 20 or later is not installed (it comes with npm)";

    /// <summary>Reads a module by its syntax where no package.json says what it is: the page's are served, and belong to no package.</summary>
    private static readonly string[] s_options = ["--no-warnings", "--experimental-detect-module"];

    /// <summary>It has WebCrypto's Ed25519, as browsers do.</summary>
    public static bool IsInstalled { get; } = IsNode20();

    /// <summary>What came of each proof, in their order. Node is started once for all of them.</summary>
    /// <param name="proofs">Each with what to check it by.</param>
    public static async Task<IReadOnlyList<BrowserResult>> CheckAsync(IReadOnlyCollection<(byte[] Proof, Trust Trust)> proofs)
    {
        using var node = Start([.. s_options, "verify.mjs"]);
        var results = new List<BrowserResult>(proofs.Count);
        var reading = ReadAsync(node, results);
        var errors = node.StandardError.ReadToEndAsync();
        try
        {
            foreach (var (proof, trust) in proofs)
                await node.StandardInput.WriteLineAsync(JsonSerializer.Serialize(Request(proof, trust), JsonSerializerOptions.Web));
            node.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended early, and says why.
        }
        await reading;
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0 && results.Count == proofs.Count, await errors);
        return results;
    }

    private static async Task ReadAsync(Process node, List<BrowserResult> results)
    {
        while (await node.StandardOutput.ReadLineAsync() is { } line)
            results.Add(JsonSerializer.Deserialize<BrowserResult>(line, JsonSerializerOptions.Web)!);
    }

    private static object Request(byte[] proof, Trust trust) => new
    {
        proof = Convert.ToBase64String(proof),
        key = trust.Log.ToString(),
        witnesses = trust.Witnesses.Select(witness => witness.ToString()),
        older = InBase64(trust.Older?.ToString()),
        consistency = InBase64(trust.Consistency?.ToString()),
        policy = InBase64(trust.Policy is null ? null : Text(trust.Policy)),
    };

    private static string? InBase64(string? text) => text is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Text(Policy policy) => string.Concat([
        .. policy.Logs.Select(log => $"log {log.Key}\n"),
        .. policy.Witnesses.Select(witness => $"witness {witness.Name} {witness.Key}\n"),
        .. policy.Groups.Select(group => $"group {group.Name} {group.Needed} {string.Join(' ', group.Members)}\n"),
        $"quorum {policy.Quorum}\n"]);

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("node", arguments)
    {
        WorkingDirectory = Path.Combine(SourceTree.Root, "tests", "browser"),
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        StandardOutputEncoding = Encoding.UTF8,
    })!;

    private static bool IsNode20()
    {
        try
        {
            using var node = Start("--version");
            var version = node.StandardOutput.ReadToEnd();
            node.WaitForExit();
            return Version.TryParse(version.Trim().TrimStart('v'), out var number) && number.Major >= 20;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>As verify.js gives it.</summary>
/// <param name="Verdict"><c>holds</c>, <c>fails</c> or <c>unchecked</c>.</param>
internal sealed record BrowserResult(string Verdict, string? Problem, BrowserReport? Report);

internal sealed record BrowserReport(string Conclusion, string Headline, string[][] Facts, string[] Proven, string[] NotProven)
{
    /// <summary>As erasure-verify prints it, but for the lines' lengths.</summary>
    public string Text() => string.Join(' ', [
        Headline, "The proof holds.", .. Facts.SelectMany(fact => fact),
        "What this proves", .. Proven.Select(sentence => $"- {sentence}"), "What this does NOT prove", .. NotProven.Select(sentence => $"- {sentence}")]);
}
