namespace Ledger.Engine;

/// <summary>The options of a node's part in the engine.</summary>
public sealed record EngineOptions
{
    /// <summary>
    /// True if no other node is on the database. Then nothing is agreed on with others, and the work that an earlier process left behind is
    /// taken over at once.
    /// </summary>
    public bool IsAlone { get; init; }
}
