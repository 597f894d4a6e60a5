namespace Ledger.SystemTests.Contract;

/// <summary>
/// The node of a class of scenarios: hosted by Alba, on a real database of its own, with the limits that the contract names and a clock
/// that a scenario sets.
/// </summary>
public sealed class ContractHost : IAsyncLifetime
{
    /// <summary>Conversations of a batch, at most: few, so that a small job has several.</summary>
    public const int BatchSize = 4;

    private readonly Once<TestService> _node;

    public ContractHost() => _node = new(() => TestService.StartAsync(new TestServiceOptions
    {
        InMemory = true,
        OwnClock = true,
        Http = new(),
        Log = Log,
        Execution = new TestServiceOptions().Execution with { BatchSize = BatchSize },
    }));

    /// <summary>What the node logs.</summary>
    internal TestLog Log { get; } = new();

    public Task<TestService> Node => _node.Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _node.DisposeAsync();
}
