namespace Ledger.Execution.Turns;

/// <summary>
/// The turns of this node: their number and their windows. No wake-up is lost between a turn's last look and its end, because a turn that
/// could have missed it looks once more. Windows that find no place wait in a queue, and later ones do not pass them.
/// </summary>
/// <param name="most">Maximum number of turns at once.</param>
internal sealed class TurnPlaces(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Place> _windows = new(StringComparer.Ordinal);
    private readonly LinkedList<string> _waiting = new();
    private int _running;

    /// <summary>Enters a turn of a window.</summary>
    /// <returns>
    /// True if there was a place. If not, running turns of the window are told to look again, or the window waits: see
    /// <see cref="NextWaiting"/>.
    /// </returns>
    public bool TryEnter(string window, int lanes)
    {
        lock (_lock)
        {
            var place = Of(window);
            place.Woken++;
            var isNext = _waiting.First?.Value == window;
            if (place.Running >= lanes)
            {
                // Its turns look again.
                if (isNext)
                    _waiting.RemoveFirst();
                return false;
            }
            if (_running >= most || (_waiting.Count > 0 && !isNext))
            {
                if (!_waiting.Contains(window))
                    _waiting.AddLast(window);
                return false;
            }
            if (isNext)
                _waiting.RemoveFirst();
            place.Running++;
            _running++;
            return true;
        }
    }

    /// <summary>Number of times that the window was woken. Read it before a look.</summary>
    public long Woken(string window)
    {
        lock (_lock)
            return Of(window).Woken;
    }

    /// <summary>Leaves a turn that found nothing to do, unless the window was woken since.</summary>
    /// <param name="woken">The value of <see cref="Woken"/> before the look.</param>
    /// <returns>True if the turn was left. If false, look again.</returns>
    public bool TryLeave(string window, long woken)
    {
        lock (_lock)
        {
            if (Of(window).Woken != woken)
                return false;
            End(window);
            return true;
        }
    }

    /// <summary>Leaves a turn.</summary>
    public void Leave(string window)
    {
        lock (_lock)
            End(window);
    }

    /// <summary>
    /// The window that has waited longest, if there is a free place now. Null otherwise. A caller that has left, or was not let in, enters
    /// it next.
    /// </summary>
    public string? NextWaiting()
    {
        lock (_lock)
            return _running < most ? _waiting.First?.Value : null;
    }

    private void End(string window)
    {
        Of(window).Running--;
        _running--;
    }

    private Place Of(string window)
    {
        if (!_windows.TryGetValue(window, out var place))
            _windows.Add(window, place = new Place());
        return place;
    }

    private sealed class Place
    {
        public int Running { get; set; }

        public long Woken { get; set; }
    }
}
