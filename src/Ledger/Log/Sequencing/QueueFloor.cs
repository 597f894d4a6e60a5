namespace Ledger.Log.Sequencing;

/// <summary>
/// Up to which position of the queue nothing can come any more. Rows that were removed stay in the table as long as any snapshot is open
/// that could see them, and a pass that began in front of them would read them all each time.
/// </summary>
/// <remarks>
/// A position is given out before its row is committed, so a later one can be seen first. Whoever has one was given its transaction id
/// before. So what was given out by some moment has been committed, or never will be, once all transactions of that moment have ended.
/// A server that took another's place, or that crashed, may give positions out again: then the queue is read from its front.
/// </remarks>
internal sealed class QueueFloor
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);
    private long _lookedAt = TimeProvider.System.GetTimestamp();
    private (long Position, long Before)? _candidate;

    /// <summary>Rows are behind this position.</summary>
    public long Position { get; private set; }

    /// <summary>The next pass reads behind this position. Once a minute it is the front: positions may be given out again.</summary>
    public long Begin()
    {
        if (TimeProvider.System.GetElapsedTime(_lookedAt) < BetweenLooks)
            return Position;
        _lookedAt = TimeProvider.System.GetTimestamp();
        return 0;
    }

    /// <summary>Where positions are given out again, rows may come in front of the floor. Then it is at the front.</summary>
    /// <param name="given">See <see cref="Take"/>.</param>
    public void FallTo(long given)
    {
        if (given < Position)
            (Position, _candidate) = (0, null);
    }

    /// <summary>Takes in what a pass saw.</summary>
    /// <param name="given">The last position that was given out, asked before the pass's transaction had an id.</param>
    /// <param name="oldest">The oldest transaction that was running after that.</param>
    /// <param name="own">The pass's own transaction. Whoever has a position up to <paramref name="given"/> has an id before it.</param>
    /// <param name="first">The first row, asked last; null: there was none.</param>
    public void Take(long given, long oldest, long own, long? first)
    {
        if (_candidate is { } candidate && oldest >= candidate.Before && (first is null || first > candidate.Position))
            (Position, _candidate) = (candidate.Position, null);
        _candidate ??= (given, own);
    }
}
