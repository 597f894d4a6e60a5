namespace Ledger.Notifications.Webhooks;

/// <summary>
/// Limits the number of attempts at once, to one host and in all. A receiver that hangs takes only its own places, and not those of others.
/// </summary>
/// <param name="perHost">Maximum number of attempts to one host.</param>
/// <param name="all">Maximum number of attempts to all hosts.</param>
internal sealed class HostPlaces(int perHost, int all)
{
    private readonly Dictionary<string, int> _taken = new(StringComparer.OrdinalIgnoreCase);
    private int _all;

    /// <summary>Takes a place. Never waits.</summary>
    /// <returns>An object that gives the place back when it is disposed. Null if no place is free.</returns>
    public IDisposable? Take(string host)
    {
        lock (_taken)
        {
            var taken = _taken.GetValueOrDefault(host);
            if (taken >= perHost || _all >= all)
                return null;
            _taken[host] = taken + 1;
            _all++;
            return new Place(this, host);
        }
    }

    private void GiveBack(string host)
    {
        lock (_taken)
        {
            _all--;
            if (--_taken[host] == 0)
                _taken.Remove(host);
        }
    }

    private sealed class Place(HostPlaces places, string host) : IDisposable
    {
        public void Dispose() => places.GiveBack(host);
    }
}
