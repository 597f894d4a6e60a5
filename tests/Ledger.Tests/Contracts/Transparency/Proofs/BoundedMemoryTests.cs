using Ledger.Bench;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>
/// A proof is written and checked in memory that does not grow with the job. Alone: what other tests allocate would be counted too.
/// </summary>
[Collection(nameof(BoundedMemoryTests))]
[Trait("cost", "slow")]
public sealed class BoundedMemoryTests
{
    private const int Events = 120_000;

    /// <summary>Less than a hash for every event takes; writer, pipe and checker take about 1 MB.</summary>
    private const long MaxGrowth = 3 << 20;

    [Fact]
    public async Task A_proof_of_120_000_events_is_written_and_checked_without_holding_it()
    {
        await new GeneratedProof(100).CheckAsync(long.MaxValue, () => { }); // what is loaded and allocated once
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (peak, samples) = (0L, 0);
        var report = await new GeneratedProof(Events - GeneratedProof.OtherEvents).CheckAsync(
            8 << 20,
            () =>
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true));
                samples++;
            }
        );
        Assert.Equal(
            (Events, Events - GeneratedProof.OtherEvents, Conclusion.Erased), (report.Events, report.Disclosed, report.Conclusion));
        Assert.True(samples > 3, "the memory was not measured on the way");
        Assert.True(peak - before < MaxGrowth, $"{(peak - before) / 1024:N0} KiB more are in use than before");
    }

    [CollectionDefinition(nameof(BoundedMemoryTests), DisableParallelization = true)]
    public sealed class Alone;
}
