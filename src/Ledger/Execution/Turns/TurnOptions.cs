namespace Ledger.Execution.Turns;

/// <summary>Settings of this node's work in the windows.</summary>
public sealed record TurnOptions
{
    /// <summary>Number of turns that run on this node at once. It may be fewer than there are lanes: windows without a place
    /// wait.</summary>
    public int AtOnce { get; init; } = 8;

    /// <summary>The interval of looks for due work that no message told of. Null for never, which is for tests.</summary>
    public TimeSpan? SweepInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest time for a sweep. A sweep that takes longer counts as stuck and makes the node not ready.</summary>
    public TimeSpan LongestSweep { get; init; } = TimeSpan.FromMinutes(1);
}
