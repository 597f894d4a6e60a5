using Ledger.Audit.Rebuilding;
using Ledger.Contracts.Jobs;
using Ledger.EventStore;
using Ledger.Projections;

namespace Ledger.Cli.Log;

/// <summary><c>ledger rebuild</c></summary>
internal static class RebuildCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "rebuild",
            "Rebuilds every document and change log from the events, while the service runs, and puts right what differs.",
            "ledger rebuild\nledger rebuild --connection 'Host=db;Database=ledger;Username=ledger_service;Password=…'",
            "It goes stream by stream. A document that differs is put right under the lock that every writer of its stream takes, so "
            + "nobody ever\n"
                + "reads a missing, half-built or older one. The change logs are put right in one transaction. Ctrl-C keeps what was put "
                + "right until\n"
                + "then. In a ledger that was never tampered with, nothing differs.\n"
                + "The exit code is 0 also where something differed. It is 1 where the events of a stream are not whole: its documents "
                + "are left alone."
        );
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                var terminal = Terminal.Of(parsed);
                await using var opened = await database.OpenAsync(parsed, cancel);
                var report = await ProgressDisplay.RunAsync(
                    terminal, "Rebuilding", (RebuildProgress progress, TimeSpan elapsed) => Shown(progress, elapsed),
                    progress => new Rebuild(opened.Connection, opened.Store, TimeProvider.System).RunAsync(progress, cancel));
                return Tell(terminal, report);
            }
        );
        return verb;
    }

    private static ShownProgress Shown(RebuildProgress progress, TimeSpan elapsed)
    {
        var folded = progress.Events + progress.Leaves;
        var rate = folded / Math.Max(elapsed.TotalSeconds, 0.001);
        return new ShownProgress(
            progress.Phase == RebuildPhase.ChangeLogs
                ? $"Change logs: {progress.Leaves:N0} leaves ({rate:N0}/s)"
                : $"Documents: {progress.Events:N0} events of {progress.Streams:N0} streams ({rate:N0}/s)",
            Math.Min(99, 50.0 * folded / Math.Max(progress.Total, 1))
        );
    }

    private static int Tell(Terminal terminal, RebuildReport report)
    {
        terminal.Line(
            $"Rebuilt {report.Documents:N0} documents and entries of {report.Projections.Count} tables from {report.Events:N0} events "
                + $"of {report.Streams:N0} streams in {report.Elapsed.TotalSeconds:N1} s."
        );
        terminal.Line(
            report.Wrong == 0
                ? "Nothing differed: 0 documents were wrong."
                : $"{report.Wrong:N0} {(report.Wrong == 1 ? "document was wrong and is" : "documents were wrong and are")} right now:"
        );
        if (report.Wrong > 0)
        {
            terminal.Table(
                ["projection", "missing", "different", "surplus", "the first of them"],
                [
                    .. report
                        .Projections.Where(projection => projection.Wrong > 0)
                        .Select(projection =>
                            (string[])
                                [
                                    projection.Table, $"{projection.Missing}", $"{projection.Different}", $"{projection.Surplus}",
                                    Names(projection),
                                ]
                        ),
                ],
                none: ""
            );
            terminal.Note(
                "The ledger does not change documents so: somebody did, past it. `ledger audit` says whether the events and the log were "
                + "left alone."
            );
        }
        if (report.LeftAlone.Count == 0)
            return ExitCodes.Done;
        terminal.Warn(
            $"the events of {report.LeftAlone.Count:N0} stream(s) are not whole or cannot be read, so their documents were left as they "
            + "are; the first: "
                + $"{string.Join(", ", report.LeftAlone.First)}. `ledger audit` names what is wrong"
        );
        return ExitCodes.Failed;
    }

    private static string Names(RebuiltProjection projection)
    {
        var isJobs = InlineProjection.All.Any(one => one.Table == projection.Table && one.StreamType == StreamIds.JobType);
        return string.Join(", ", projection.First.Select(stream => isJobs ? new JobId(stream).ToString() : stream.ToString("D")))
            + (projection.Wrong > projection.First.Count ? ", …" : "");
    }
}
