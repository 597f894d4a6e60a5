
namespace Ledger.Web;

/// <summary>An operator's settings of the HTTP side. The defaults are the contract's.</summary>
public sealed record HttpOptions
{
    /// <summary>The limit for submissions per bot (contract §5). Null for no limit.</summary>
    public RateLimit? Submits { get; init; } = new(PerMinute: 60, PerHour: 1800);

    /// <summary>The limit for polls of one job's status (contract §5). Null for no limit.</summary>
    public RateLimit? Polls { get; init; } = new(PerMinute: 60, PerHour: 1800);

    /// <summary>The service's address as its users know it, for links that leave it. Null if it is not known.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Maximum number of progress streams that one node keeps open at the same time.</summary>
    public int ProgressStreams { get; init; } = 256;

    /// <summary>Maximum number of these streams for one client.</summary>
    public int ProgressStreamsPerClient { get; init; } = 64;

    /// <summary>Maximum number of these streams for one job.</summary>
    public int ProgressStreamsPerJob { get; init; } = 16;

    /// <summary>The time after which a progress stream ends. Its client then opens the next, as browsers do by themselves.</summary>
    public TimeSpan ProgressLife { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The time without news after which a progress stream sends a sign of life, so that nothing between takes it for dead.
    /// </summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The Chromium that prints certificates as PDF. Null if there is none: then certificates are HTML and JSON only.</summary>
    public string? Chromium { get; init; } = Certificates.PdfPrinter.FindChromium();

    /// <summary>The longest wait of <c>/health/ready</c> for the database, and for each other check.</summary>
    public TimeSpan ReadinessTimeout { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>Requests admitted per UTC minute and per UTC hour.</summary>
public sealed record RateLimit(int PerMinute, int PerHour);
