using Ledger.Contracts.Registry;

namespace Ledger.Projections.Registry;

/// <summary>A pause of deletions, as a function of the latest event about it.</summary>
public static class PauseFold
{
    /// <summary>The pause after an event. Null if the deletions go on.</summary>
    /// <exception cref="InvalidOperationException">The event is about something else.</exception>
    public static DeletionPause? Apply(RegistryEvent @event) => @event switch
    {
        DeletionsPaused e => new DeletionPause(e.Actor, e.Reason),
        DeletionsResumed => null,
        _ => throw Misplaced.In("pause", @event),
    };
}
