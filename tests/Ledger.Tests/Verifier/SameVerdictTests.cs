using System.Collections.Concurrent;
using System.Reflection;
using Ledger.SystemTests;
using Ledger.Tests.Contracts.Transparency.Proofs;
using Xunit.Sdk;

namespace Ledger.Tests.Verifier;

/// <summary>Whatever the tests of the service's checker check, the verify page's checker says the same of.</summary>
[Trait("cost", "slow")]
public sealed class SameVerdictTests
{
    [SkippableTheory]
    [InlineData(typeof(ConversationProofTests), 10)]
    [InlineData(typeof(DishonestOperatorTests), 80)]
    [InlineData(typeof(GoldenProofTests), 2)]
    [InlineData(typeof(JobProofTests), 100)]
    [InlineData(typeof(OlderCheckpointTests), 20)]
    [InlineData(typeof(QuorumTests), 4)]
    [InlineData(typeof(TamperedProofTests), 1_500)]
    public async Task The_browser_agrees_on_every_proof_of_these_tests(Type tests, int least)
    {
        Requires.That(BrowserVerifier.IsInstalled, BrowserVerifier.Missing);
        var proofs = await RecordAsync(tests);
        Assert.True(proofs.Count >= least, $"only {proofs.Count} proofs were checked");
        await BothVerifiers.AgreeAsync(proofs);
    }

    /// <summary>Runs the tests of a class again, and notes what they check.</summary>
    private static async Task<IReadOnlyCollection<CheckedProof>> RecordAsync(Type tests)
    {
        var proofs = new ConcurrentQueue<CheckedProof>();
        Checked.Recorder.Value = proofs.Enqueue;
        try
        {
            var instance = Activator.CreateInstance(tests);
            foreach (var test in tests.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is not null))
            {
                foreach (
                    var arguments in test.GetCustomAttributes<DataAttribute>().SelectMany(data => data.GetData(test)).DefaultIfEmpty([]))
                    await (test.Invoke(instance, arguments) as Task ?? Task.CompletedTask);
            }
        }
        finally
        {
            Checked.Recorder.Value = null;
        }
        return proofs;
    }
}
