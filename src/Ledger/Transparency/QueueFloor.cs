namespace Ledger.Transparency;

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
    private (long Position, long Ends)? _candidate;

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

    /// <summary>Whether positions are given out again, so that rows may be in front of the floor. Then it is at the front.</summary>
    /// <param name="given">See <see cref="Take"/>.</param>
    public bool FallsTo(long given)
    {
        if (given >= Position)
            return false;
        (Position, _candidate) = (0, null);
        return true;
    }

    /// <summary>Takes in what a pass saw.</summary>
    /// <param name="given">The last position that was given out, asked first.</param>
    /// <param name="oldest">The oldest transaction that was running after that.</param>
    /// <param name="next">The first transaction that had not begun by then.</param>
    /// <param name="first">The first row, asked last; null: there was none.</param>
    public void Take(long given, long oldest, long next, long? first)
    {
        if (_candidate is { } candidate && oldest >= candidate.Ends && (first is null || first > candidate.Position))
            (Position, _candidate) = (candidate.Position, null);
        _candidate ??= (given, next);
    }
}
