using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Ledger.SystemTests;

/// <summary>Everything that nodes log: see <see cref="TestServiceOptions.Log"/>.</summary>
internal sealed class TestLog : ILoggerProvider, ILogger, ISupportExternalScope
{
    private IExternalScopeProvider? _scopes;

    public ConcurrentQueue<string> All { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        var line = new StringBuilder($"{formatter(state, exception)} {exception}");
        _scopes?.ForEachScope((scope, text) => text.Append($" => {scope}"), line);
        All.Enqueue(line.ToString());
    }

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
    }
}
