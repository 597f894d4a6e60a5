namespace Ledger.Cli.Run;

/// <summary>
/// A web host that is stopped before it is disposed, however its use ends. Disposed while it runs, its duties would lose their database
/// under them, and log that as failures of theirs.
/// </summary>
internal sealed class RunningNode(WebApplication node) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!node.Lifetime.ApplicationStopped.IsCancellationRequested)
                await node.StopAsync();
        }
        finally
        {
            await node.DisposeAsync();
        }
    }
}
