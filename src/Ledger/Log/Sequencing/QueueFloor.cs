namespace Ledger.Log.Sequencing;

/// <summary>
/// The position of the queue up to which no more rows can come. Removed rows stay in the table as long as an open snapshot could see them.
/// A pass that began in front of them would read them all each time.
/// </summary>
/// <remarks>
/// A position is given out before its row is committed, so a later one can be seen first. A transaction gets its id before it gets a
/// position. So take all positions given out by some moment: once all transactions of that moment have ended, each row has been committed,
/// or never will be. A server that replaced another, or that crashed, may give positions out again. Then the queue is read from its front.
/// </remarks>
internal sealed class QueueFloor
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);
    private long _lookedAt = TimeProvider.System.GetTimestamp();
    private (long Position, long Before)? _candidate;

    /// <summary>All rows are behind this position.</summary>
    public long Position { get; private set; }

    /// <summary>The position behind which the next pass reads. Once a minute it is the front, because positions may be given out
    /// again.</summary>
    public long Begin()
    {
        if (TimeProvider.System.GetElapsedTime(_lookedAt) < BetweenLooks)
            return Position;
        _lookedAt = TimeProvider.System.GetTimestamp();
        return 0;
    }

    /// <summary>Goes back to the front if positions are given out again, because rows may then come in front of the floor.</summary>
    /// <param name="given">The last position that was given out, see <see cref="Take"/>.</param>
    public void FallTo(long given)
    {
        if (given < Position)
            (Position, _candidate) = (0, null);
    }

    /// <summary>Takes in the result of a pass.</summary>
    /// <param name="given">The last position that was given out, asked before the pass's transaction had an id.</param>
    /// <param name="oldest">The oldest transaction that was running after that.</param>
    /// <param name="own">The pass's own transaction. Transactions with a position up to <paramref name="given"/> have an earlier
    /// id.</param>
    /// <param name="first">The first row, asked last. Null if there was none.</param>
    public void Take(long given, long oldest, long own, long? first)
    {
        if (_candidate is { } candidate && oldest >= candidate.Before && (first is null || first > candidate.Position))
            (Position, _candidate) = (candidate.Position, null);
        _candidate ??= (given, own);
    }
}
