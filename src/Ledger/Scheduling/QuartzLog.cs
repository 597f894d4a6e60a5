using System.Collections.Concurrent;

namespace Ledger.Scheduling;

/// <summary>
/// Passes Quartz's warnings and errors on to our log: each kind of event at most once a minute, and of exceptions what
/// <see cref="Failure"/> lets through.
/// </summary>
internal sealed class QuartzLog(ILogger target, TimeProvider time) : ILoggerProvider, ILogger
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<EventId, long> _lastLogged = new();

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && target.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel) || !IsDue(eventId))
            return;
        var failure = exception is null ? "" : "; " + Failure.Describe(exception);
        target.Log(logLevel, eventId, "Quartz: {Message}{Failure}", Failure.FirstLine(formatter(state, null)), failure);
    }

    // While the database is away Quartz tells of every attempt, several a second.
    private bool IsDue(EventId kind)
    {
        var now = time.GetTimestamp();
        var due = false;
        _lastLogged.AddOrUpdate(
            kind,
            _ => { due = true; return now; },
            (_, last) => (due = time.GetElapsedTime(last, now) >= Quiet) ? now : last);
        return due;
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Dispose()
    {
    }
}
