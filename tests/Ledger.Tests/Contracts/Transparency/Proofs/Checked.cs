using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>What a checker says of a proof.</summary>
internal static class Checked
{
    /// <summary>While it is set, notes what is checked and what came of it, so that another checker can be asked the same.</summary>
    public static readonly AsyncLocal<Action<CheckedProof>?> Recorder = new();

    public static async Task<ErasureReport> HoldsAsync(string proof, Trust? trust = null)
    {
        var result = await RunAsync(Encoding.UTF8.GetBytes(proof), trust);
        Assert.True(result.Report is not null, result.Problem);
        return result.Report;
    }

    public static async Task<JobReport> JobAsync(string proof, Trust? trust = null) =>
        Assert.IsType<JobReport>(await HoldsAsync(proof, trust));

    /// <summary>What of a proof is not known; that it holds, or does not, is not said.</summary>
    public static async Task NotProvenAsync(string proof, string unknown)
    {
        var result = await RunAsync(Encoding.UTF8.GetBytes(proof));
        Assert.True(result.IsNotProven, $"{result.Report?.Headline} {result.Problem}");
        Assert.StartsWith("made by a newer ledger: this program does not know " + unknown, result.Problem, StringComparison.Ordinal);
    }

    /// <summary>What does not hold; null if the proof does. Any other exception is a bug, and thrown.</summary>
    public static async Task<string?> ProblemAsync(byte[] proof, Trust? trust = null) => (await RunAsync(proof, trust)).Problem;

    public static async Task<CheckedProof> RunAsync(byte[] proof, Trust? trust = null)
    {
        CheckedProof result;
        try
        {
            using var stream = new MemoryStream(proof);
            result = new CheckedProof(
                proof.ToArray(), trust ?? ProofLog.Trust, await Verification.CheckAsync(stream, trust ?? ProofLog.Trust), null);
        }
        catch (Exception e) when (e is FormatException or InvalidProofException or NotProvenException)
        {
            result = new CheckedProof(proof.ToArray(), trust ?? ProofLog.Trust, null, e.Message, IsNotProven: e is NotProvenException);
        }
        Recorder.Value?.Invoke(result);
        return result;
    }

    public static Task<string?> ProblemAsync(string proof, Trust? trust = null) => ProblemAsync(Encoding.UTF8.GetBytes(proof), trust);

    public static async Task FailsAsync(string proof, string why, Trust? trust = null)
    {
        var problem = await ProblemAsync(proof, trust);
        Assert.True(problem is not null, $"the proof holds, and should not because: {why}");
        Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    /// <summary>A job's proof after the operator edited its history and signed the log anew.</summary>
    public static async Task FailsAsync(SampleJob job, string why) =>
        await FailsAsync(await ProofLog.Of(job, [1, 0, 2, 0, 1]).JobProofAsync(), why);
}

/// <summary>A proof that was checked: it has a report, or a problem.</summary>
/// <param name="IsNotProven">The problem is that a newer ledger made it.</param>
internal sealed record CheckedProof(byte[] Proof, Trust Trust, ErasureReport? Report, string? Problem, bool IsNotProven = false);
