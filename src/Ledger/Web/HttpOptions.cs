
namespace Ledger.Web;

/// <summary>What an operator can set of the HTTP side. The defaults are the contract's.</summary>
public sealed record HttpOptions
{
    /// <summary>Submissions per bot (contract §5); null: unlimited.</summary>
    public RateLimit? Submits { get; init; } = new(PerMinute: 60, PerHour: 1800);

    /// <summary>Polls of one job's status (contract §5); null: unlimited.</summary>
    public RateLimit? Polls { get; init; } = new(PerMinute: 60, PerHour: 1800);

    /// <summary>The service's address as its users know it, for links that leave it; null: not known.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Progress streams that one node keeps open at the same time.</summary>
    public int ProgressStreams { get; init; } = 256;

    /// <summary>Of these, one client's at most.</summary>
    public int ProgressStreamsPerClient { get; init; } = 64;

    /// <summary>Of these, one job's at most.</summary>
    public int ProgressStreamsPerJob { get; init; } = 16;

    /// <summary>After so long a progress stream ends, and its client opens the next, as browsers do by themselves.</summary>
    public TimeSpan ProgressLife { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// After so long without news a progress stream says that it is still there, so that nothing between takes it for dead.
    /// </summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The Chromium that prints certificates as PDF; null: there is none, and they are HTML and JSON only.</summary>
    public string? Chromium { get; init; } = Certificates.PdfPrinter.FindChromium();

    /// <summary>How long <c>/health/ready</c> waits for the database, and for each other check.</summary>
    public TimeSpan ReadinessTimeout { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>Requests admitted per UTC minute and per UTC hour.</summary>
public sealed record RateLimit(int PerMinute, int PerHour);
