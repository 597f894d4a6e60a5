namespace Ledger.Execution;

/// <summary>
/// Keeps the young generations small. Left alone they grow to the size of the processor's cache, and a long job takes a fifth more memory
/// than a short one. No setting for a whole program does this without a hard limit.
/// </summary>
internal static class Garbage
{
    /// <summary>Bytes that the process allocates from one collection to the next. Some 40 small jobs allocate as much.</summary>
    public const long Portion = 8 << 20;

    private static long _collectedAt;

    /// <summary>
    /// Collects after a step, if a portion was allocated since the last time. It does not collect after every step, because each collection
    /// makes the objects in use old. After some thousand collections the old generation would be large and full of holes.
    /// </summary>
    /// <returns>True if it collected.</returns>
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
