using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Ledger.SystemTests;

/// <summary>Everything that nodes log: see <see cref="TestServiceOptions.Log"/>.</summary>
internal sealed class TestLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> All { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) => All.Enqueue($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
