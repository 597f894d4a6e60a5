using Wolverine;
using Wolverine.Runtime;

namespace Ledger.Engine;

/// <summary>A message that this node handles now.</summary>
/// <param name="Id">The engine's id of it.</param>
/// <param name="Node">This node's number. The engine's row of the message has it while the message is this node's.</param>
/// <param name="Tries">The number of times that it was handled before.</param>
public sealed record HandledMessage(Guid Id, int Node, int Tries)
{
    /// <summary>As the engine knows it.</summary>
    public static HandledMessage Of(Envelope envelope, IWolverineRuntime runtime) =>
        new(envelope.Id, runtime.DurabilitySettings.AssignedNodeNumber, Math.Max(envelope.Attempts - 1, 0));
}

/// <summary>The actions that a handler may take on its message.</summary>
internal static class MessageContexts
{
    /// <summary>Has the message handled again later. By the true clock: the engine goes by no other.</summary>
    public static Task PutOffAsync(this IMessageContext context, TimeSpan delay) =>
        context.ReScheduleCurrentAsync(TimeProvider.System.GetUtcNow() + delay);
}
