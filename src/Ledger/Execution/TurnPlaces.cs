namespace Ledger.Execution;

/// <summary>
/// The turns of this node: how many run, and in which windows. No wake-up is lost between a turn's last look and its end. One that finds no
/// place is noted, and the turn that could have overlooked its work looks once more.
/// </summary>
/// <param name="most">How many may run at once.</param>
internal sealed class TurnPlaces(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Place> _windows = new(StringComparer.Ordinal);
    private int _running;

    /// <summary>Enters a turn of a window.</summary>
    /// <returns>Whether there was a place. If not, those that run are told.</returns>
    public bool TryEnter(string window, int lanes)
    {
        lock (_lock)
        {
            var place = Of(window);
            place.Woken++;
            if (place.Running >= lanes)
                return false;
            if (_running >= most)
            {
                place.IsWaiting = true;
                return false;
            }
            place.Running++;
            place.IsWaiting = false;
            _running++;
            return true;
        }
    }

    /// <summary>How often the window was woken: read before a look.</summary>
    public long Woken(string window)
    {
        lock (_lock)
            return Of(window).Woken;
    }

    /// <summary>Leaves a turn that found nothing to do, unless the window was woken since.</summary>
    /// <param name="woken">What <see cref="Woken"/> gave before the look.</param>
    /// <returns>Whether it is left. If not, look again.</returns>
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

    /// <summary>A window that was woken while there was no place, and in which no turn runs; null: there is none.</summary>
    public string? NextWaiting()
    {
        lock (_lock)
        {
            if (_running >= most)
                return null;
            foreach (var (window, place) in _windows)
            {
                if (!place.IsWaiting)
                    continue;
                place.IsWaiting = false;
                return window;
            }
            return null;
        }
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

        public bool IsWaiting { get; set; }
    }
}
