using Ledger.Web;

namespace Ledger.Api;

/// <summary>
/// Counts and limits the progress streams that are open on this node. Each looks at the database four times a second. No client and no job
/// can take the places of the others.
/// </summary>
internal sealed class ProgressStreams(HttpOptions options)
{
    /// <summary>Seconds to wait, for a client that finds all streams taken.</summary>
    private const int RetryAfter = 5;

    internal static readonly ErrorAnswer TooMany = Refusal("");
    internal static readonly ErrorAnswer TooManyOfClient = Refusal(" of this client");
    internal static readonly ErrorAnswer TooManyOfJob = Refusal(" of this job");

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _ofClient = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ofJob = new(StringComparer.Ordinal);
    private int _open;

    public int Open
    {
        get
        {
            lock (_lock)
                return _open;
        }
    }

    /// <summary>
    /// A place for a stream, or the reason that there is none. Exactly one of the two is null. Disposing gives the place back.
    /// </summary>
    /// <param name="client">The client that opens the stream.</param>
    /// <param name="job">The job to watch, among the jobs of all bots.</param>
    public (IDisposable? Place, ErrorAnswer? Refusal) TryOpen(string client, string job)
    {
        lock (_lock)
        {
            if (_ofJob.GetValueOrDefault(job) >= options.ProgressStreamsPerJob)
                return (null, TooManyOfJob);
            if (_ofClient.GetValueOrDefault(client) >= options.ProgressStreamsPerClient)
                return (null, TooManyOfClient);
            if (_open >= options.ProgressStreams)
                return (null, TooMany);
            Count(client, job, 1);
            return (new Place(this, client, job), null);
        }
    }

    private void Count(string client, string job, int more)
    {
        _open += more;
        Count(_ofClient, client, more);
        Count(_ofJob, job, more);
    }

    private static void Count(Dictionary<string, int> counts, string key, int more)
    {
        var count = counts.GetValueOrDefault(key) + more;
        if (count == 0)
            counts.Remove(key);
        else
            counts[key] = count;
    }

    private static ErrorAnswer Refusal(string of) =>
        new(429, $"too many progress streams{of} are open: poll the job's status instead, or come back later", RetryAfter);

    private sealed class Place(ProgressStreams streams, string client, string job) : IDisposable
    {
        public void Dispose()
        {
            lock (streams._lock)
                streams.Count(client, job, -1);
        }
    }
}
