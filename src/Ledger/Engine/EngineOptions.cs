namespace Ledger.Engine;

/// <summary>How a node takes part in the engine.</summary>
public sealed record EngineOptions
{
    /// <summary>
    /// Whether no other node is on the database. Then nothing is agreed on with others, and what an earlier process left behind is taken
    /// over at once.
    /// </summary>
    public bool IsAlone { get; init; }
}
