namespace Ledger.SystemTests;

/// <summary>
/// One node a class, and a fresh bot a test (<c>IClassFixture</c>): for tests that do nothing to what another bot's test sees.
/// </summary>
public class SharedService : IAsyncLifetime
{
    private readonly Once<TestService> _service;

    public SharedService()
        : this(null)
    {
    }

    /// <param name="options">What the class's tests want of their node.</param>
    protected SharedService(TestServiceOptions? options) => _service = new(() => TestService.StartAsync(options));

    /// <summary>The node, with a bot of this test's own as <see cref="TestService.Bot"/>. Disposing it leaves the node running.</summary>
    public async Task<TestService> WithOwnBotAsync() => await (await _service.Value).WithOwnBotAsync();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _service.DisposeAsync();
}
