using System.Collections.Concurrent;
using Ledger.Engine;
using Microsoft.Extensions.Logging;

namespace Ledger.Tests.Engine;

/// <summary>What a node does again and again.</summary>
public sealed class DutyTests
{
    [Fact]
    public async Task A_pass_that_fails_is_told_of_once_and_the_next_one_tries_again()
    {
        var log = new Lines();
        var passes = new SemaphoreSlim(0);
        var fails = true;
        using var duty = new Pass(log, () =>
        {
            passes.Release();
            return fails ? throw new InvalidOperationException("conversation 6f1c") : Task.CompletedTask;
        });
        await duty.StartAsync(CancellationToken.None);
        await WaitAsync(passes, 3);
        fails = false;
        await WaitAsync(passes, 3);
        await duty.StopAsync(CancellationToken.None);
        Assert.Equal(
            [
                "Warning: nothing is done, which is tried again in 0.01 s: InvalidOperationException",
                "Information: No longer: nothing is done",
            ],
            log.All
        );
    }

    [Fact]
    public async Task A_pass_that_stands_still_is_seen_from_outside()
    {
        var stuck = new TaskCompletionSource();
        var began = new SemaphoreSlim(0);
        using var duty = new Pass(new Lines(), () =>
        {
            began.Release();
            return stuck.Task;
        });
        await duty.StartAsync(CancellationToken.None);
        await WaitAsync(began, 1);
        var since = duty.Since;
        while (duty.Since <= since)
            await Task.Yield();
        stuck.SetResult();
        await WaitAsync(began, 2);
        await duty.StopAsync(CancellationToken.None);
    }

    private static async Task WaitAsync(SemaphoreSlim passes, int count)
    {
        for (var n = 0; n < count; n++)
            Assert.True(await passes.WaitAsync(TimeSpan.FromMinutes(1)), "no pass comes");
    }

    private sealed class Pass(ILogger log, Func<Task> work) : Duty(TimeSpan.FromMilliseconds(10), TimeProvider.System, log)
    {
        public TimeSpan Since => SinceLastPass;

        protected override string Failing => "nothing is done";

        public override Task RunOnceAsync(CancellationToken cancel) => work();
    }

    private sealed class Lines : ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyList<string> All => [.. _lines];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
    }
}
