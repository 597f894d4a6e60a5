using System.Collections.Concurrent;

namespace Ledger.Execution;

/// <summary>Where the queue of a window begins for this node: at the job that it claimed last.</summary>
/// <param name="PlannedAt">When that was due.</param>
/// <param name="SubmittedAt">When it was submitted.</param>
/// <param name="Job">Its id.</param>
public sealed record ClaimPlace(DateTimeOffset PlannedAt, DateTimeOffset SubmittedAt, Guid Job);

/// <summary>
/// Jobs that have ended stay in the index of the queue as long as any snapshot is open that could see them, and a claim that began in front of
/// them would read them all each time. So a claim begins where the last one was. Every two seconds one begins at the very front: for what was
/// put off, was given up by a node that died, or was committed late.
/// </summary>
public sealed class ClaimPlaces(TimeProvider time)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, (ClaimPlace? Place, long LookedAt)> _places = new(StringComparer.Ordinal);

    /// <summary>Null: from the front on.</summary>
    public ClaimPlace? Of(string window) =>
        _places.TryGetValue(window, out var known) && time.GetElapsedTime(known.LookedAt) < BetweenLooks ? known.Place : null;

    /// <summary>What a claim found.</summary>
    /// <param name="from">Where it began.</param>
    /// <param name="found">Null: nothing.</param>
    public void Claimed(string window, ClaimPlace? from, ClaimPlace? found)
    {
        if (found is null)
            _places.TryRemove(window, out _);
        else
            _places[window] = (found, from is null || !_places.TryGetValue(window, out var known) ? time.GetTimestamp() : known.LookedAt);
    }
}
