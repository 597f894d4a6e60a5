namespace Ledger.Execution.Turns;

/// <summary>How a node works in the windows.</summary>
public sealed record TurnOptions
{
    /// <summary>Turns that run on this node at once. Fewer than there are lanes is fine: what has no place is taken up later.</summary>
    public int AtOnce { get; init; } = 8;

    /// <summary>How often due work is looked for that no message told of; null: never, which is for tests.</summary>
    public TimeSpan? SweepInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A sweep that takes longer stands still, and makes the node not ready.</summary>
    public TimeSpan LongestSweep { get; init; } = TimeSpan.FromMinutes(1);
}
