namespace Ledger.Execution;

/// <summary>
/// Keeps the young generations small. Left alone they grow to the size of the processor's cache, and a long job takes a fifth more memory
/// than a short one. No setting of the runtime that holds for a whole program does this without a hard limit.
/// </summary>
internal static class Garbage
{
    /// <summary>Bytes that the process allocates from one collection to the next: what some 40 small jobs do.</summary>
    public const long Portion = 8 << 20;

    private static long _collectedAt;

    /// <summary>
    /// After a step: collects, if a portion was allocated since the last time. Not after every step: each collection makes old what is in
    /// use at that moment, and after some thousand of them the old generation is large and full of holes.
    /// </summary>
    /// <returns>Whether it collected.</returns>
    public static bool CollectYoung()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var last = Interlocked.Read(ref _collectedAt);
        if (allocated - last < Portion || Interlocked.CompareExchange(ref _collectedAt, allocated, last) != last)
            return false;
        GC.Collect(1, GCCollectionMode.Forced, blocking: true);
        return true;
    }
}
