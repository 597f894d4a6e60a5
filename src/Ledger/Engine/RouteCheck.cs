using Wolverine.Runtime;

namespace Ledger.Engine;

/// <summary>
/// Refuses to start a node that would drop messages. The engine drops one without a word where no handler was generated for it.
/// </summary>
/// <remarks>Hosted, because routes are known once the engine has started, which it has before this.</remarks>
internal sealed class RouteCheck(IWolverineRuntime runtime, IReadOnlyList<MessageKind> messages) : IHostedService
{
    /// <exception cref="InvalidOperationException">A kind of message has no handler.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var bus = new MessageBus(runtime);
        foreach (var message in messages)
        {
            if (bus.PreviewSubscriptions(message.Example).Count == 0)
            {
                throw new InvalidOperationException(
                    $"this build has no handler for {message.Example.GetType().Name}: generate the handlers anew (docs/testing.md)");
            }
        }
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
