using Ledger.Audit;
using Ledger.Audit.Mirror;
using Ledger.Contracts;

namespace Ledger.Cli.Log;

/// <summary>The results of an audit for people.</summary>
internal sealed class AuditText(Terminal terminal) : AuditOutput
{
    /// <summary>Rows of a table, at most: beyond, JSON is the better form.</summary>
    private const int MaxRows = 100;

    public override void Report(string what, AuditReport report)
    {
        foreach (var finding in report.Findings)
            Describe(finding);
        foreach (var note in report.Notes)
            terminal.Warn(note);
        terminal.Line(report.Findings.Count == 0
            ? $"The {what} holds: nothing differs.{Reservation(report)}"
            : $"The {what} does not hold: {report.Findings.Count} kind(s) of differences are named above.");
        terminal.Facts([.. Rows(report)]);
        terminal.Line("What an audit cannot show:");
        foreach (var limit in AuditReport.Limits)
            terminal.Line($"- {limit}");
    }

    public override async Task LostAsync(
        long common, long size, IAsyncEnumerable<LostJob> jobs, IAsyncEnumerable<LostErasure> erasures,
        IAsyncEnumerable<LostForgetting> forgettings)
    {
        terminal.Line();
        if (common == size)
        {
            terminal.Line($"The database has all {size:N0} leaves of the mirror: nothing is lost.");
            return;
        }
        terminal.Line(
            $"The database has the first {common:N0} of the mirror's {size:N0} leaves, and not the other {size - common:N0}: it was "
            + "restored from an older backup."
        );
        await TableAsync(
            "Lost jobs: ask each client to submit again", ["job", "bot", "client", "submitted"], jobs,
            job => [job.Job, job.Bot, job.Client, Instant.Text(job.SubmittedAt)]);
        await TableAsync(
            "Conversations to erase again",
            ["job", "ordinal", "commitment", "conversation", "what to do"],
            erasures,
            erasure =>
                [erasure.Job, $"{erasure.Ordinal}", Convert.ToBase64String(erasure.Commitment), erasure.ConversationId ?? "-", erasure.ToDo]
        );
        await TableAsync(
            "Jobs to forget again", ["job", "bot", "forgotten", "what to do"], forgettings,
            one => [one.Job, one.Bot, Instant.Text(one.ForgottenAt), one.ToDo]);
        terminal.Line(
            "What the database was told since the backup other than by jobs (bots, clients, windows, key rotations) is lost too: compare "
            + "it with your records."
        );
        terminal.Line("The log's signer refuses to go on from here under its old name: `ledger log new-origin`.");
    }

    private async Task TableAsync<T>(string title, string[] headings, IAsyncEnumerable<T> items, Func<T, string[]> row)
    {
        var (rows, count) = (new List<string[]>(), 0L);
        await foreach (var item in items)
        {
            if (++count <= MaxRows)
                rows.Add(row(item));
        }
        terminal.Line($"{title}: {count:N0}");
        if (count > 0)
            terminal.Table(headings, rows, "");
        if (count > MaxRows)
            terminal.Line($"… and {count - MaxRows:N0} more: --json lists all");
    }

    private void Describe(Finding finding)
    {
        terminal.Line($"{Title(finding.Kind)}: {finding.Where}");
        terminal.Line($"  expected  {finding.Expected}");
        terminal.Line($"  found     {finding.Found}");
        terminal.Line($"  meaning   {finding.Meaning}");
        if (finding.More > 0)
            terminal.Line($"  and       {finding.More:N0} more of this kind");
        terminal.Line();
    }

    private static string Reservation(AuditReport report) => report.UnsignedEvents == 0
        ? ""
        : $" No signature that was checked covers {report.UnsignedEvents:N0} of its events.";

    private static IEnumerable<string[]> Rows(AuditReport report)
    {
        yield return
        [
            "log",
            report.Origin is null
                ? "no checkpoint yet"
                : $"{report.Origin}, {report.Size:N0} leaves, root {Convert.ToBase64String(report.Root)}",
        ];
        yield return
        [
            "leaves",
            $"{report.Leaves:N0} re-derived from their events, with every tile above them "
            + $"({report.Leaves / Math.Max(report.Elapsed.TotalSeconds, 0.001):N0} leaves/s)",
        ];
        if (report.Queued > 0)
            yield return ["queued", $"{report.Queued:N0} events wait to be logged"];
        yield return ["checkpoints", $"{report.Checkpoints:N0} roots recomputed, {report.Signatures:N0} signatures"];
        var signed = report.SignedLeaves > 0 ? $"the first {report.SignedLeaves:N0} leaves" : "nothing, as far as signatures were checked";
        yield return ["signed", signed];
        if (report.UnsignedEvents > 0)
            yield return ["not signed", $"{report.UnsignedEvents:N0} events"];
        yield return ["streams", $"{report.Streams:N0}, {report.Events:N0} events replayed"];
        if (report.Documents > 0)
            yield return ["documents", $"{report.Documents:N0} compared with the fold of their events"];
        yield return ["time", $"{report.Elapsed.TotalSeconds:N1} s"];
    }

    private static string Title(FindingKind kind) => kind switch
    {
        FindingKind.EventRemoved => "An event was removed",
        FindingKind.EventChanged => "An event was changed",
        FindingKind.EventMoved => "Events were reordered",
        FindingKind.EventNotInLog => "An event is not in the log",
        FindingKind.EventTwiceInLog => "An event is in the log twice",
        FindingKind.EventOutOfOrder => "Events are logged out of order",
        FindingKind.EventUnreadable => "An event cannot be read",
        FindingKind.EventUnknown => "An event is of an unknown type",
        FindingKind.LeafMap => "The map from leaf to event differs",
        FindingKind.Tile => "A tile was changed",
        FindingKind.LogState => "The log's size or root differs",
        FindingKind.RolledBack => "The log was rolled back",
        FindingKind.Forked => "The log was forked",
        FindingKind.CheckpointSignature => "A checkpoint is not the log's",
        FindingKind.UnsignedTail => "The end of the log is not signed",
        FindingKind.CheckpointRemoved => "A checkpoint was removed",
        FindingKind.MirrorFile => "A file of the mirror is damaged",
        FindingKind.StreamVersion => "A stream's versions differ",
        FindingKind.JobRule => "An event breaks a rule",
        FindingKind.StatusDocument => "A status document differs",
        FindingKind.RegistryDocument => "A registry document differs",
        FindingKind.JobDocument => "A job's document differs",
        FindingKind.JobManifest => "A manifest differs",
        FindingKind.ChangeLog => "The change log differs",
        FindingKind.Schema => "The schema differs",
        FindingKind.Orphan => "A row belongs to nothing",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
