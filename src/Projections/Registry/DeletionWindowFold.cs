using Ledger.Contracts.Registry;

namespace Ledger.Projections.Registry;

/// <summary>A window as a function of its events, and of nothing else.</summary>
public static class DeletionWindowFold
{
    /// <summary>The window after one more event.</summary>
    /// <param name="window">Null before its first event.</param>
    /// <exception cref="InvalidOperationException">The event cannot come here.</exception>
    public static DeletionWindow Apply(DeletionWindow? window, RegistryEvent @event) => @event switch
    {
        WindowDefined e => new DeletionWindow(e.Name, e.Cron, e.TimeZone, e.LengthSeconds, e.Lanes),
        _ => throw Misplaced.In("window", @event),
    };
}
