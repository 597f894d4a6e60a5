using Ledger.Engine;
using Ledger.Windows;
using Wolverine.ErrorHandling;

namespace Ledger.Execution.Turns;

/// <summary>Handles wake-ups of windows.</summary>
public static class WakeWindowHandler
{
    /// <summary>The kind of message.</summary>
    /// <param name="turns">Number of turns that run at once.</param>
    internal static MessageKind Kind(int turns) => new(new WakeWindow("", null), typeof(WakeWindowHandler), wolverine =>
    {
        // More than there are turns: a wake-up that finds no place for one ends at once, and must not wait for those that do work.
        wolverine.LocalQueueFor<WakeWindow>().MaximumParallelMessages(Math.Max(1, 2 * turns)).UseDurableInbox();
        // What fails here is run by the sweep.
        wolverine.OnException<HandlerFailedException>()
            .ScheduleRetry(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10)).Then.MoveToErrorQueue();
    });

    /// <summary>Runs a turn of the window, if there is a free lane.</summary>
    public static Task Handle(WakeWindow message, WindowTurns turns) => HandlerFailedException.GuardAsync(() => turns.WakeAsync(message));
}
