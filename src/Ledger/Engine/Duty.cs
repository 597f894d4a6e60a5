using Ledger.Database;

namespace Ledger.Engine;

/// <summary>
/// Work that every node does again and again, led by nobody: two nodes that do it at once do each other no harm. A pass that fails is told
/// of once, and the next one tries again.
/// </summary>
/// <param name="interval">From the end of a pass to the next; null: it is never run, which is for tests.</param>
/// <param name="time">For the interval.</param>
/// <param name="log">Told when passes begin to fail, when the cause changes, and when they succeed again.</param>
public abstract class Duty(TimeSpan? interval, TimeProvider time, ILogger log) : BackgroundService
{
    /// <summary>The clock that delays go by.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>Told of what is worth telling.</summary>
    protected ILogger Log { get; } = log;

    private string? _failure;
    private long _lastPass = time.GetTimestamp();

    /// <summary>What is not done while it fails, as "expired tokens are not deleted".</summary>
    protected abstract string Failing { get; }

    /// <summary>Whether the latest pass failed.</summary>
    protected bool IsFailing => _failure is not null;

    /// <summary>Since when no pass has ended. Whoever asks is not the loop: a loop that stands still cannot say so itself.</summary>
    protected TimeSpan SinceLastPass => Time.GetElapsedTime(Interlocked.Read(ref _lastPass));

    /// <summary>One pass.</summary>
    public abstract Task RunOnceAsync(CancellationToken cancel);

    /// <summary>What of a failure may be logged: it may quote an identifier, unless it is the ledger's own.</summary>
    protected virtual string Describe(Exception failure) => Failure.Describe(failure);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (interval is not { } between)
            return;
        using var timer = new PeriodicTimer(between, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TryRunOnceAsync(between, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task TryRunOnceAsync(TimeSpan between, CancellationToken stopping)
    {
        try
        {
            await RunOnceAsync(stopping);
            if (_failure is not null)
                Log.LogInformation("No longer: {Failing}", Failing);
            _failure = null;
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            var failure = Describe(e);
            if (failure != _failure)
                Log.LogWarning("{Failing}, which is tried again in {Seconds} s: {Failure}", Failing, between.TotalSeconds, failure);
            _failure = failure;
        }
        Interlocked.Exchange(ref _lastPass, Time.GetTimestamp());
    }
}
