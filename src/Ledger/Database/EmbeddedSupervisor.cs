using Ledger.Database.Embedded;

namespace Ledger.Database;

/// <summary>Keeps the embedded PostgreSQL running while the service does.</summary>
public sealed class EmbeddedSupervisor(EmbeddedPostgres postgres, TimeProvider time, ILogger<EmbeddedSupervisor> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await RunOnceAsync(stoppingToken);
    }

    /// <summary>Starts the server again if it died. A start that fails is tried again at the next tick.</summary>
    public async Task RunOnceAsync(CancellationToken cancel)
    {
        try
        {
            await postgres.EnsureRunningAsync(cancel);
        }
        catch (EmbeddedPostgresException e)
        {
            log.LogError("{Problem}", e.Message);
        }
        catch (IOException e)
        {
            log.LogError("PostgreSQL could not be looked after: {Error}", e.GetType().Name);
        }
    }
}
