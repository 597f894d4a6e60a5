using Ledger.Execution;

namespace Ledger.SystemTests.Execution;

/// <summary>The young generations are collected by what was allocated, not by how many steps there were.</summary>
public sealed class GarbageTests
{
    [Fact]
    public void Steps_that_allocate_little_collect_nothing()
    {
        Garbage.CollectYoung();
        var before = GC.GetTotalAllocatedBytes();
        var collections = Enumerable.Range(0, 10_000).Count(_ => Garbage.CollectYoung());
        // Other tests of this process allocate too.
        Assert.InRange(collections, 0, ((GC.GetTotalAllocatedBytes() - before) / Garbage.Portion) + 1);
    }

    [Fact]
    public void Each_portion_that_is_allocated_is_collected()
    {
        var before = GC.CollectionCount(1);
        for (var i = 0; i < 64; i++)
        {
            Assert.NotEmpty(GC.AllocateUninitializedArray<byte>((int)Garbage.Portion / 16));
            Garbage.CollectYoung();
        }
        Assert.True(GC.CollectionCount(1) - before >= 3, "64 steps of half a MiB each are four portions");
    }
}
