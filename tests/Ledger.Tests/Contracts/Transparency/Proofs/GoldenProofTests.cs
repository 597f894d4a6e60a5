using System.Text;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>
/// The proof formats at rest. A golden file is what is in people's hands: what writes one may change only together with the format's
/// version. To write them anew: <c>LEDGER_WRITE_GOLDEN=1 dotnet test --filter GoldenProofTests</c> fails and leaves the new ones.
/// </summary>
public sealed class GoldenProofTests
{
    [Fact]
    public async Task A_jobs_proof_is_written_as_in_the_golden_file_and_holds()
    {
        var proof = await ProofLog.Of(SampleJobs.Of(5, true, [1, 2, 3, 14, 1, 1]), [2, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1]).JobProofAsync();
        Assert.Equal(await GoldenAsync("job.erasure-proof", proof), proof);
        Assert.Equal(4, (await Checked.JobAsync(proof)).Deleted);
    }

    [Fact]
    public async Task The_proof_of_a_job_with_a_case_is_written_as_in_the_golden_file_and_holds()
    {
        var proof = await ProofLog.Of(SampleJobs.Case, [2, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1]).JobProofAsync();
        Assert.Equal(await GoldenAsync("case.erasure-proof", proof), proof);
        var told = (await Checked.JobAsync(proof)).Case!;
        Assert.Equal((CaseBasis.Gdpr171B, new DateOnly(2026, 6, 2), new DateOnly(2026, 8, 2)), (told.Basis, told.FirstDueOn, told.DueOn));
        Assert.Equal("many requests", Assert.Single(told.Extensions).Reason);
    }

    [Fact]
    public async Task A_conversations_proof_is_written_as_in_the_golden_file_and_holds()
    {
        var proof = await ProofLog
            .Of(SampleJobs.Retried, [2, 0, 1, 0, 1])
            .ConversationProofAsync(4, SampleJob.Disclose(IdentifierKind.Conversation, 0) with { Ordinal = null });
        Assert.Equal(await GoldenAsync("conversation.tlog-proof", proof), proof);
        Assert.Equal(Conclusion.Erased, (await Checked.HoldsAsync(proof)).Conclusion);
    }

    [Fact]
    public void The_keys_of_the_golden_files_are_these() =>
        Assert.Equal(
            (
                "log.example/t+25c384bd+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
                "witness.example/w1+24b5d9fe+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY"),
            (ProofLog.Key.Verifier.ToString(), ProofLog.Witness.Verifier.ToString())
        );

    private static async Task<string> GoldenAsync(string name, string now)
    {
        var file = Path.Combine(SourceTree.Root, "tests", "Ledger.Tests", "Golden", name);
        if (Environment.GetEnvironmentVariable("LEDGER_WRITE_GOLDEN") != "1")
            return await File.ReadAllTextAsync(file, Encoding.UTF8);
        await File.WriteAllTextAsync(file, now);
        Assert.Fail($"{file} was written: look at its difference");
        return "";
    }
}
