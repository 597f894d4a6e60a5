using Ledger.Conversations;
using Spectre.Console;

namespace Ledger.Cli;

/// <summary>Shows how an import gets on: a bar on a terminal, else a line every few seconds.</summary>
internal static class ImportProgress
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    public static Task<ImportTotals> RunAsync(Terminal terminal, Stream input, Func<Action<ImportTotals>, Task<ImportTotals>> import) =>
        terminal.IsErrorWatched ? WithBarAsync(terminal, input, import) : WithLinesAsync(terminal, input, import);

    private static async Task<ImportTotals> WithBarAsync(Terminal terminal, Stream input, Func<Action<ImportTotals>, Task<ImportTotals>> import) =>
        await terminal.ErrorConsole().Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn())
            .StartAsync(async context =>
            {
                var began = TimeProvider.System.GetTimestamp();
                var bar = context.AddTask("Importing");
                bar.IsIndeterminate = !input.CanSeek;
                var totals = await import(totals =>
                {
                    bar.Description = Text(totals, TimeProvider.System.GetElapsedTime(began));
                    bar.Value = Percent(input) ?? 0;
                });
                bar.Description = Text(totals, TimeProvider.System.GetElapsedTime(began));
                bar.IsIndeterminate = false;
                bar.Value = bar.MaxValue;
                return totals;
            });

    private static async Task<ImportTotals> WithLinesAsync(Terminal terminal, Stream input, Func<Action<ImportTotals>, Task<ImportTotals>> import)
    {
        var began = TimeProvider.System.GetTimestamp();
        var told = began;
        return await import(totals =>
        {
            if (TimeProvider.System.GetElapsedTime(told) < LineInterval)
                return;
            told = TimeProvider.System.GetTimestamp();
            terminal.Note(Text(totals, TimeProvider.System.GetElapsedTime(began)) + (Percent(input) is { } percent ? $", {percent:N0} %" : ""));
        });
    }

    private static string Text(ImportTotals totals, TimeSpan elapsed) =>
        $"{totals.Lines:N0} lines, {(totals.Imported + totals.AlreadyThere) / Math.Max(elapsed.TotalSeconds, 0.001):N0} conversations/s";

    /// <summary>Of the bytes as they lie on the disk; null for a pipe.</summary>
    private static double? Percent(Stream input) => input.CanSeek && input.Length > 0 ? 100.0 * input.Position / input.Length : null;
}
