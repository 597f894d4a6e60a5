using Ledger.Audit;
using Spectre.Console;

namespace Ledger.Cli;

/// <summary>Shows how an audit gets on: a bar on a terminal, else a line every few seconds.</summary>
internal static class AuditProgressBar
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    public static Task<AuditReport> RunAsync(Terminal terminal, string what, Func<Action<AuditProgress>, Task<AuditReport>> audit) =>
        terminal.IsErrorWatched ? WithBarAsync(terminal, what, audit) : WithLinesAsync(terminal, what, audit);

    private static async Task<AuditReport> WithBarAsync(Terminal terminal, string what, Func<Action<AuditProgress>, Task<AuditReport>> audit) =>
        await terminal.ErrorConsole().Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn())
            .StartAsync(async context =>
            {
                var began = TimeProvider.System.GetTimestamp();
                var bar = context.AddTask(what);
                var report = await audit(progress =>
                {
                    bar.Description = $"{what}: {Text(progress, TimeProvider.System.GetElapsedTime(began))}";
                    bar.Value = Percent(progress);
                });
                bar.Value = bar.MaxValue;
                return report;
            });

    private static async Task<AuditReport> WithLinesAsync(Terminal terminal, string what, Func<Action<AuditProgress>, Task<AuditReport>> audit)
    {
        var began = TimeProvider.System.GetTimestamp();
        var told = began;
        return await audit(progress =>
        {
            if (TimeProvider.System.GetElapsedTime(Interlocked.Read(ref told)) < LineInterval)
                return;
            Interlocked.Exchange(ref told, TimeProvider.System.GetTimestamp());
            terminal.Note($"{what}: {Text(progress, TimeProvider.System.GetElapsedTime(began))}, {Percent(progress):N0} %");
        });
    }

    private static string Text(AuditProgress progress, TimeSpan elapsed) =>
        $"{progress.Leaves:N0} leaves ({progress.Leaves / Math.Max(elapsed.TotalSeconds, 0.001):N0}/s), {progress.Events:N0} events replayed";

    private static double Percent(AuditProgress progress) => Math.Min(100, 100.0 * (progress.Leaves + progress.Events) / Math.Max(progress.Total, 1));
}
