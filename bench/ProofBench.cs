namespace Ledger.Bench;

/// <summary>
/// Managed memory, after a collection, while the proof of a large job is written and checked at once, at its highest, beside that of a
/// small job.
/// </summary>
internal static class ProofBench
{
    private const int Samples = 24;

    /// <summary>Bytes that an event takes in a proof: its entry and its disclosure.</summary>
    private const long EventBytes = 470;

    public static async Task<Figure> RunAsync(bool quick)
    {
        var (rounds, few, many) = quick ? (1, 10_000, 100_000) : (3, 10_000, 1_000_000);
        await PeakAsync(few); // what is loaded and allocated once
        var (measured, floor) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            floor.Add(await PeakAsync(few));
            measured.Add(await PeakAsync(many));
            Console.Error.WriteLine(FormattableString.Invariant($"proof {round}: {measured[^1]:N0} KiB beside {floor[^1]:N0} KiB"));
        }
        return new Figure(
            $"proof written and checked, {many:N0} against {few:N0} events", "KiB", "many", "few", measured, floor, "at most 1.2");
    }

    private static async Task<double> PeakAsync(int events)
    {
        var peak = 0L;
        var report = await new GeneratedProof(events - GeneratedProof.OtherEvents).CheckAsync(
            events * EventBytes / Samples, () => peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true)));
        if (report.Events != events)
            throw new InvalidOperationException($"the proof is of {report.Events} events");
        return peak / 1024.0;
    }
}
