using Ledger.Cli;

namespace Ledger.Tests.Cli;

/// <summary>Without a terminal, progress is lines on standard error.</summary>
public sealed class ProgressDisplayTests
{
    [Fact]
    public async Task A_line_is_told_at_most_as_often_as_asked_for_and_none_twice()
    {
        var error = new StringWriter();
        var result = await RunAsync(error, TimeSpan.Zero, 1, 1, 2);
        Assert.Equal(3, result);
        Assert.Equal(["at 1, 10 %", "at 2, 20 %"], error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task What_is_done_before_the_first_line_is_due_tells_nothing()
    {
        var error = new StringWriter();
        await RunAsync(error, null, 1, 2);
        Assert.Equal("", error.ToString());
    }

    private static Task<int> RunAsync(TextWriter error, TimeSpan? interval, params int[] states) => ProgressDisplay.RunAsync(
        new Terminal(TextWriter.Null, error), "Counting", (int state, TimeSpan _) => new ShownProgress($"at {state}", 10 * state),
        tell =>
        {
            foreach (var state in states)
                tell(state);
            return Task.FromResult(states.Length);
        },
        interval);
}
