namespace Ledger.Execution;

/// <summary>Where the queue of a window begins for a lane: at the job that it claimed last.</summary>
/// <param name="PlannedAt">When that was due.</param>
/// <param name="SubmittedAt">When it was submitted.</param>
/// <param name="Job">Its id.</param>
public sealed record ClaimPlace(DateTimeOffset PlannedAt, DateTimeOffset SubmittedAt, Guid Job);

/// <summary>
/// Jobs that have ended stay in the index of the queue as long as any snapshot is open that could see them, and a claim that began in front
/// of them would read them all each time. So a lane's claim begins where its last one was. Every two seconds one begins at the very front:
/// for what was put off, was given up by a node that died, or was committed late.
/// </summary>
public sealed class ClaimFrom(TimeProvider time)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);
    private ClaimPlace? _place;
    private long _lookedAt;

    /// <summary>Null: from the front on.</summary>
    public ClaimPlace? Place => _place is not null && time.GetElapsedTime(_lookedAt) < BetweenLooks ? _place : null;

    /// <summary>What a claim found.</summary>
    /// <param name="from">Where it began.</param>
    /// <param name="found">Null: nothing.</param>
    public void Claimed(ClaimPlace? from, ClaimPlace? found)
    {
        if (from is null)
            _lookedAt = time.GetTimestamp();
        _place = found;
    }
}
