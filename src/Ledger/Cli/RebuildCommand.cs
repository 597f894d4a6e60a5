using Ledger.Contracts.Jobs;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Rebuilding;

namespace Ledger.Cli;

/// <summary><c>ledger rebuild</c></summary>
internal static class RebuildCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "rebuild",
            "Rebuilds every status document, the job list, the change log and the registry's documents from the events, while the service runs, and puts right what differs.",
            "ledger rebuild\nledger rebuild --connection 'Host=db;Database=ledger;Username=ledger_service;Password=…'",
            "Everything is folded beside the live documents; only at the end, and only where they differ, are they changed, all in one transaction. Nobody ever reads a missing or\n"
            + "half-built document, and writers wait for that transaction alone, which is short. Ctrl-C changes nothing. In a ledger that was never tampered with, nothing differs.\n"
            + "The exit code is 0 also where something differed; it is 1 where the events of a stream are not whole, whose documents are then left as they are.");
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var opened = await database.OpenAsync(parsed, cancel);
            var report = await ProgressDisplay.RunAsync(
                terminal, "Rebuilding", (RebuildProgress progress, TimeSpan elapsed) => Shown(progress, elapsed),
                progress => new Rebuild(opened.Connection, new RebuildOptions(), TimeProvider.System).RunAsync(progress, cancel));
            return Tell(terminal, report);
        });
        return verb;
    }

    private static ShownProgress Shown(RebuildProgress progress, TimeSpan elapsed) => new(
        progress.Phase switch
        {
            RebuildPhase.Folding => $"Folding: {progress.Events:N0} events of {progress.Streams:N0} streams ({progress.Events / Math.Max(elapsed.TotalSeconds, 0.001):N0}/s)",
            RebuildPhase.CatchingUp => $"Catching up: {progress.Events:N0} events",
            RebuildPhase.Comparing => "Comparing with the live documents",
            _ => "Putting the live documents right",
        },
        Math.Min(99, 99.0 * progress.Events / Math.Max(progress.Total, 1)));

    private static int Tell(Terminal terminal, RebuildReport report)
    {
        terminal.Line($"Rebuilt {report.Documents:N0} documents of {report.Projections.Count} projections from {report.Events:N0} events of {report.Streams:N0} streams "
            + $"in {report.Elapsed.TotalSeconds:N1} s; writers waited {report.Locked.TotalMilliseconds:N0} ms.");
        terminal.Line(report.Wrong == 0
            ? "Nothing differed: 0 documents were wrong."
            : $"{report.Wrong:N0} {(report.Wrong == 1 ? "document was wrong and is" : "documents were wrong and are")} right now:");
        if (report.Wrong > 0)
        {
            terminal.Table(
                ["projection", "missing", "different", "surplus", "the first of them"],
                [.. report.Projections.Where(projection => projection.Wrong > 0).Select(projection => (string[])
                [
                    projection.Table, $"{projection.Missing}", $"{projection.Different}", $"{projection.Surplus}", Names(projection),
                ])],
                none: "");
            terminal.Note("The ledger does not change documents so: somebody did, past it. `ledger audit` says whether the events and the log were left alone.");
        }
        if (report.LeftAlone.Count == 0)
            return ExitCodes.Done;
        terminal.Warn($"the events of {report.LeftAlone.Count:N0} stream(s) are not whole or cannot be read, so their documents were left as they are; the first: "
            + $"{string.Join(", ", report.LeftAlone.First)}. `ledger audit` names what is wrong");
        return ExitCodes.Failed;
    }

    private static string Names(RebuiltProjection projection)
    {
        var isJobs = InlineProjection.All.Any(one => one.Table.Name == projection.Table && one.StreamType == StreamIds.JobType);
        return string.Join(", ", projection.First.Select(stream => isJobs ? new JobId(stream).ToString() : stream.ToString("D"))) + (projection.Wrong > projection.First.Count ? ", …" : "");
    }
}
