using System.Runtime.InteropServices;
using Spectre.Console;

namespace Ledger.Cli;

/// <summary>The progress of a long task, as it is shown.</summary>
/// <param name="Percent">The percentage; null if nobody knows how much there is to do.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ShownProgress(string Text, double? Percent);

/// <summary>Shows on standard error how something gets on: a bar on a terminal, else a line every few seconds.</summary>
internal static class ProgressDisplay
{
    /// <summary>Between two lines.</summary>
    public static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    /// <param name="what">Shown until it is first told of its progress.</param>
    /// <param name="show">Makes the text for a state and the time that has passed.</param>
    /// <param name="work">The task. It is given a function for reporting its state, as often as it likes and from several threads.</param>
    /// <param name="lineInterval">Between two lines, by default <see cref="LineInterval"/>; a line is not repeated.</param>
    public static Task<TResult> RunAsync<TState, TResult>(
        Terminal terminal, string what, Func<TState, TimeSpan, ShownProgress> show, Func<Action<TState>, Task<TResult>> work,
        TimeSpan? lineInterval = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        return terminal.IsErrorWatched
            ? WithBarAsync(terminal, what, state => show(state, TimeProvider.System.GetElapsedTime(began)), work)
            : WithLinesAsync(terminal, state => show(state, TimeProvider.System.GetElapsedTime(began)), work, lineInterval ?? LineInterval);
    }

    private static Task<TResult> WithBarAsync<TState, TResult>(
        Terminal terminal, string what, Func<TState, ShownProgress> show, Func<Action<TState>, Task<TResult>> work) =>
        terminal
            .ErrorConsole()
            .Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new SpinnerColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(what));
                bar.IsIndeterminate = true;
                var result = await work(state =>
                {
                    var (text, percent) = show(state);
                    bar.Description = Markup.Escape(text);
                    bar.IsIndeterminate = percent is null;
                    bar.Value = percent ?? 0;
                });
                bar.IsIndeterminate = false;
                bar.Value = bar.MaxValue;
                return result;
            });

    private static async Task<TResult> WithLinesAsync<TState, TResult>(
        Terminal terminal, Func<TState, ShownProgress> show, Func<Action<TState>, Task<TResult>> work, TimeSpan interval)
    {
        var gate = new Lock();
        var told = TimeProvider.System.GetTimestamp();
        var last = "";
        return await work(state =>
        {
            lock (gate)
            {
                if (TimeProvider.System.GetElapsedTime(told) < interval)
                    return;
                var (text, percent) = show(state);
                var line = percent is null ? text : $"{text}, {percent:N0} %";
                if (line != last)
                    terminal.Note(line);
                (told, last) = (TimeProvider.System.GetTimestamp(), line);
            }
        });
    }
}
