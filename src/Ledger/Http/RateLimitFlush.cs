namespace Ledger.Http;

/// <summary>Runs <see cref="RateLimits.FlushAsync"/> every half second.</summary>
internal sealed class RateLimitFlush(RateLimits limits, TimeProvider time, ILogger<RateLimitFlush> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await limits.FlushAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("rate limits are counted on this node alone: {Cause}", Errors.Describe(exception));
            }
        }
    }
}
