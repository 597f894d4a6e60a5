using System.Text;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.SystemTests.Foreign;
using Ledger.Tests.Contracts.Transparency.Proofs;
using Ledger.Tests.Verifier;

namespace Ledger.SystemTests.Checkers;

/// <summary>
/// The three checkers (C#, the browser's, the Go program) say the same of files that an operator with the log's key could forge, and of a
/// newer ledger's.
/// </summary>
[Collection(ForeignChecks.Name)]
public sealed class ThreeCheckersTests(ForeignCheck go)
{
    private static readonly Trust s_trust = ProofLog.Trust with { Witnesses = [] };

    [SkippableFact]
    public Task What_an_honest_ledger_writes_holds() => AgreeAsync(HonestProofs.AllAsync());

    [SkippableFact]
    public Task Counts_that_are_not_those_of_the_outcomes_do_not_hold() => AgreeAsync(ForgedProofs.CountsAsync());

    [SkippableFact]
    public Task Histories_that_no_job_has_do_not_hold() => AgreeAsync(ForgedProofs.HistoriesAsync());

    [SkippableFact]
    public Task An_outcome_that_no_job_has_does_not_hold() => AgreeAsync(ForgedProofs.ConversationsAsync());

    [SkippableFact]
    public Task What_a_newer_ledger_recorded_is_not_proven_whichever_rule_fails() => AgreeAsync(NewerProofs.NotProvenAsync());

    [SkippableFact]
    public Task A_wrong_hash_signature_or_form_does_not_hold_whatever_is_unknown() => AgreeAsync(NewerProofs.WrongAllTheSameAsync());

    [SkippableFact]
    public Task An_outcome_that_a_newer_ledger_recorded_is_not_proven() => AgreeAsync(NewerProofs.ConversationsAsync());

    private async Task AgreeAsync(Task<IReadOnlyList<OddProof>> made)
    {
        ForeignCheck.Required();
        Requires.That(BrowserVerifier.IsInstalled, BrowserVerifier.Missing);
        var proofs = await made;
        var browsers = await BrowserVerifier.CheckAsync([
            .. proofs.Select(proof => BrowserRequest.Of(Encoding.UTF8.GetBytes(proof.Text), s_trust)),
        ]);
        var told = await go.EachAsync(ProofLog.Key.Verifier.ToString(), proofs.Select(proof => proof.Text));
        var goSaid = told.Select(ForeignVerdict).ToList();
        var differences = new List<string>();
        for (var i = 0; i < proofs.Count; i++)
        {
            var (ours, theirs, foreign) = (await OursAsync(proofs[i].Text), BrowsersOf(browsers[i]), goSaid[i]);
            if (new[] { ours.Verdict, theirs, foreign.Verdict }.Any(verdict => verdict != proofs[i].Verdict))
            {
                differences.Add($"{proofs[i].Name}: {proofs[i].Verdict}, but C#: {ours.Verdict} ({ours.Said}), "
                    + $"browser: {theirs} ({browsers[i].Problem}), Go: {foreign.Said}");
            }
        }
        Assert.True(differences.Count == 0, $"{differences.Count} of {proofs.Count}:\n{string.Join('\n', differences)}");
    }

    private static async Task<(Verdict Verdict, string Said)> OursAsync(string proof)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(proof));
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await Verification.RunAsync(stream, s_trust, asJson: false, output, error);
        return ((Verdict)code, error.ToString().Split('\n')[0]);
    }

    private static Verdict BrowsersOf(BrowserResult result) => result.Verdict switch
    {
        "holds" => Verdict.Holds,
        "fails" => Verdict.DoesNotHold,
        "notProven" => Verdict.NotProven,
        _ => throw new InvalidOperationException($"{result.Verdict}: {result.Problem}"),
    };

    private static (Verdict Verdict, string Said) ForeignVerdict((int Code, string Said) told)
    {
        var (code, said) = told;
        var begins = new Dictionary<int, string> { [0] = "HOLDS: ", [1] = "DOES NOT HOLD: ", [3] = "NOT PROVEN: made by a newer ledger: " };
        Assert.True(begins.TryGetValue(code, out var begin) && said.StartsWith(begin, StringComparison.Ordinal), $"{code} {said}");
        Assert.DoesNotContain("runtime error", said, StringComparison.Ordinal);
        return ((Verdict)code, said);
    }
}
