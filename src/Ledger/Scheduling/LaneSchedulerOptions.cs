namespace Ledger.Scheduling;

/// <summary>
/// One firing's work, supplied by Execution: at most 30 s, or until nothing is due. It checks the window itself, by the database's clock.
/// </summary>
/// <param name="window">The window's name.</param>
/// <param name="lane">0 to the window's lanes - 1; never fired again before this call has ended, on whatever node.</param>
/// <param name="cancel">Signalled when the node stops: end at the next batch boundary.</param>
public delegate Task Slice(string window, int lane, CancellationToken cancel);

/// <summary>How a node schedules; every node of one database may differ in <see cref="MaxThreads"/> only.</summary>
public sealed record LaneSchedulerOptions
{
    /// <summary>The rest between two slices of a lane while its window is open.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the registry's windows are read again, and a lane that should poll and does not is set going.</summary>
    public TimeSpan ReadInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A pass over the windows that takes longer stands still, and makes the node not ready.</summary>
    public TimeSpan LongestPass { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Slices that run on this node at once. Fewer than there are lanes is fine: they take turns, the longest waiting first.
    /// </summary>
    public int MaxThreads { get; init; } = 8;

    /// <summary>How long a stopping node waits for its slices; below the host's shutdown timeout (30 s).</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromSeconds(20);
}
