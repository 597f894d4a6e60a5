using System.Text.RegularExpressions;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Verifier;

/// <summary>The two checkers, asked the same.</summary>
internal static partial class BothVerifiers
{
    /// <summary>
    /// The verify page says of every proof what erasure-verify says: that it holds, and the same report; or that it does not, for the same
    /// reason.
    /// </summary>
    public static async Task AgreeAsync(IReadOnlyCollection<CheckedProof> proofs)
    {
        var theirs = await BrowserVerifier.CheckAsync([.. proofs.Select(proof => BrowserRequest.Of(proof.Proof, proof.Trust))]);
        foreach (var (ours, browsers) in proofs.Zip(theirs))
        {
            if (Said(ours) != Said(browsers))
                Assert.Fail(
                    $"The service's checker:\n{Said(ours)}\n\nThe browser's:\n{Said(browsers)}\n\nThe "
                    + $"proof:\n{System.Text.Encoding.UTF8.GetString(ours.Proof)}"
                );
        }
    }

    /// <summary>What the service's checker says, by inputs that may be none.</summary>
    public static async Task<string> SaidOfAsync(BrowserRequest request)
    {
        try
        {
            var trust = Trust.Parse(request.Key, request.Witnesses);
            trust = With("the checkpoint", trust, request.Older, (trust, bytes) => trust.WithOlder(bytes));
            trust = With("the policy", trust, request.Policy, (trust, bytes) => trust.WithPolicy(bytes));
            trust = With("the consistency proof", trust, request.Consistency, (trust, bytes) => trust.WithConsistency(bytes));
            return Said(await Checked.RunAsync(request.Proof, trust));
        }
        catch (FormatException e)
        {
            return $"unchecked: {Class(e.Message)}";
        }
    }

    private static Trust With(string what, Trust trust, byte[]? bytes, Func<Trust, byte[], Trust> with)
    {
        try
        {
            return bytes is null ? trust : with(trust, bytes);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{what} cannot be used: {e.Message}", e);
        }
    }

    private static string Said(CheckedProof result)
    {
        if (result.Problem is not null)
            return $"{(result.IsNotProven ? "notProven" : "fails")}: {Class(result.Problem)}";
        var text = new StringWriter();
        ReportText.Write(text, result.Report!);
        return $"holds, {char.ToLowerInvariant(result.Report!.Conclusion.ToString()[0])}{result.Report.Conclusion.ToString()[1..]}: "
            + $"{OneLine(text.ToString())}";
    }

    public static string Said(BrowserResult result) =>
        result.Problem is not null
            ? $"{result.Verdict}: {Class(result.Problem)}"
            : $"{result.Verdict}, {result.Report!.Conclusion}: {OneLine(result.Report.Text())}";

    private static string OneLine(string text) => Spaces().Replace(text, " ").Trim();

    /// <summary>
    /// What is wrong with a JSON text is found in another order by another parser, and named by another of these sentences.
    /// </summary>
    private static string Class(string problem) => Malformed().Replace(problem, "${line}a malformed JSON text");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(
        "^(?<line>line [0-9]+: )?(an entry|a disclosure|the proof's extra|a JSON object names|a number is not an integer|not JSON|JSON "
        + "nested|the data of '|'[a-z_]+' is not an event of a job"
            + "|a hash has|not standard base64|a conversation's proof (has at most|discloses)).*$",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline
    )]
    private static partial Regex Malformed();
}
