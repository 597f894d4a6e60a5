using Ledger.Database;

namespace Ledger.Engine;

/// <summary>
/// Work that every node does again and again, without a leader. Two nodes that do it at once do each other no harm. A pass that fails is
/// reported once, and the next one tries again.
/// </summary>
/// <param name="interval">The time from the end of a pass to the next. Null means that it is never run, which is for tests.</param>
/// <param name="time">For the interval.</param>
/// <param name="log">Told when passes begin to fail, when the cause changes, and when they succeed again.</param>
public abstract class Duty(TimeSpan? interval, TimeProvider time, ILogger log) : BackgroundService
{
    /// <summary>The clock that measures the delays.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>Told of what is worth telling.</summary>
    protected ILogger Log { get; } = log;

    private string? _failure;
    private long _lastPass = time.GetTimestamp();

    /// <summary>The work that is not done while it fails, as "expired tokens are not deleted".</summary>
    protected abstract string Failing { get; }

    /// <summary>True if the latest pass failed.</summary>
    protected bool IsFailing => _failure is not null;

    /// <summary>
    /// The time since the last pass ended. Others ask for it, because a loop that stands still cannot report that itself.
    /// </summary>
    protected TimeSpan SinceLastPass => Time.GetElapsedTime(Interlocked.Read(ref _lastPass));

    /// <summary>One pass.</summary>
    public abstract Task RunOnceAsync(CancellationToken cancel);

    /// <summary>The part of a failure that may be logged. A failure may quote an identifier, unless it is the ledger's own.</summary>
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
