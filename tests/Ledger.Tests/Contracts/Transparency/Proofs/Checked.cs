using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>What a checker says of a proof.</summary>
internal static class Checked
{
    public static async Task<ErasureReport> HoldsAsync(string proof, Trust? trust = null)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(proof));
        return await Verification.CheckAsync(stream, trust ?? ProofLog.Trust);
    }

    public static async Task<JobReport> JobAsync(string proof, Trust? trust = null) => Assert.IsType<JobReport>(await HoldsAsync(proof, trust));

    /// <summary>What does not hold; null if the proof does. Any other exception is a bug, and thrown.</summary>
    public static async Task<string?> ProblemAsync(byte[] proof, Trust? trust = null)
    {
        try
        {
            using var stream = new MemoryStream(proof);
            await Verification.CheckAsync(stream, trust ?? ProofLog.Trust);
            return null;
        }
        catch (Exception e) when (e is FormatException or InvalidProofException)
        {
            return e.Message;
        }
    }

    public static Task<string?> ProblemAsync(string proof, Trust? trust = null) => ProblemAsync(Encoding.UTF8.GetBytes(proof), trust);

    public static async Task FailsAsync(string proof, string why, Trust? trust = null)
    {
        var problem = await ProblemAsync(proof, trust);
        Assert.True(problem is not null, $"the proof holds, and should not because: {why}");
        Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    /// <summary>A job's proof after the operator edited its history and signed the log anew.</summary>
    public static async Task FailsAsync(SampleJob job, string why) => await FailsAsync(await ProofLog.Of(job, [1, 0, 2, 0, 1]).JobProofAsync(), why);
}
