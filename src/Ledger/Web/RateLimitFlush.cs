using Ledger.Engine;

namespace Ledger.Web;

/// <summary>Runs <see cref="RateLimits.FlushAsync"/> every half second.</summary>
internal sealed class RateLimitFlush(RateLimits limits, TimeProvider time, ILogger<RateLimitFlush> log)
    : Duty(TimeSpan.FromMilliseconds(500), time, log)
{
    /// <inheritdoc/>
    protected override string Failing => "rate limits are counted on this node alone";

    /// <inheritdoc/>
    public override Task RunOnceAsync(CancellationToken cancel) => limits.FlushAsync(cancel);
}
