using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>A report as a person reads it.</summary>
public static class ReportText
{
    private const int Width = 100, LabelWidth = 15;

    /// <summary>Writes headline, facts, what is proven and what is not.</summary>
    public static void Write(TextWriter output, ErasureReport report)
    {
        output.WriteLine(report.Headline);
        output.WriteLine("The proof holds.");
        output.WriteLine();
        foreach (var (label, text) in report is JobReport job ? Facts(job) : Facts((ConversationReport)report))
            output.WriteLine($"{label.PadRight(LabelWidth)}{Printable(text)}");
        foreach (var (label, text) in Facts(report.Log, report.Leaves))
            output.WriteLine($"{label.PadRight(LabelWidth)}{Printable(text)}");
        Section(output, "What this proves", report.Proven);
        Section(output, "What this does NOT prove", report.NotProven);
    }

    private static List<(string Label, string Text)> Facts(JobReport job)
    {
        var said = new List<(string Label, string Text)>();
        said.Add(("Job", job.Job));
        said.Add(("Bot", job.Bot));
        said.Add(("Asked for by", $"API client {job.Client}"));
        said.Add(
            (
                "Asked for",
                job.RequestType == RequestType.CId
                    ? "conversations of "
                        + (job.CId is null ? "a channel user whose id the file does not show" : $"the channel user {job.CId}") + Range(job)
                    : "conversations by their ids"
            )
        );
        if (job.Case is { } fact)
            said.Add(("Case", CaseText.Of(fact)));
        foreach (var extension in job.Case?.Extensions ?? [])
            said.Add(("Deadline moved", CaseText.Of(extension)));
        if (job.RetainedFrom is { } retained)
            said.Add(("Retention", $"conversations that started before {Instant.Text(retained)} were out of retention"));
        said.Add(
            (
                "Conversations",
                $"{JobReports.Number(job.Conversations)} identified, {JobReports.Number(job.Deleted)} erased, "
                + $"{JobReports.Number(job.Skipped.Values.Sum())} skipped, {JobReports.Number(job.Failed)} failed"
                    + (job.Untouched > 0 ? $", {JobReports.Number(job.Untouched)} not touched" : "")
            )
        );
        if (job.Skipped.Count > 0)
            said.Add(("Skipped", JobReports.Reasons(job.Skipped)));
        said.Add(("Items erased", Items(job.Items)));
        said.Add(("Ended as", $"{job.Outcome.ToString().ToLowerInvariant()}, attempt {job.Attempts}"));
        said.Add(("Submitted", Instant.Text(job.SubmittedAt)));
        said.Add(("Started", job.StartedAt is { } started ? Instant.Text(started) : "never"));
        if (job is { FirstDeletedAt: { } first, LastDeletedAt: { } last })
            said.Add(("Erased", $"{Instant.Text(first)} to {Instant.Text(last)}"));
        said.Add(("Ended", Instant.Text(job.CompletedAt)));
        foreach (var opening in job.Openings)
            said.Add(
                (
                    "Window",
                    $"{opening.Name} ({opening.Cron}, {opening.TimeZone}): {Instant.Text(opening.Opens)} to {Instant.Text(opening.Closes)}")
            );
        said.Add(
            (
                "Ids",
                job.Disclosed > 0
                    ? $"{JobReports.Number(job.Disclosed)} of {JobReports.Number(job.Conversations - job.Untouched)} shown in the file, "
                        + "each checked"
                    : "none shown in the file"
            )
        );
        return said;
    }

    private static List<(string Label, string Text)> Facts(ConversationReport report)
    {
        var said = new List<(string Label, string Text)>();
        said.Add(("Conversation", report.ConversationId ?? $"not shown; commitment {Convert.ToBase64String(report.Commitment)}"));
        said.Add(("Job", $"{report.Job}, conversation {JobReports.Number(report.Ordinal)} of its list, counted from 0"));
        said.Add(
            (
                "Outcome",
                report.Outcome
                    + (report.Reason is null ? "" : $": {report.Reason}")
                    + (report.Attempt is { } attempt ? $", attempt {attempt}" : "")
            )
        );
        if (report.Items is { } items)
            said.Add(("Items erased", Items(items)));
        said.Add(("Recorded", Instant.Text(report.RecordedAt)));
        return said;
    }

    private static List<(string Label, string Text)> Facts(LogFacts log, LeafRange leaves)
    {
        var said = new List<(string Label, string Text)>();
        said.Add(("Log", $"{log.Origin}, {JobReports.Number(log.Size)} leaves, root {Convert.ToBase64String(log.Root)}"));
        said.Add(
            (
                "Leaves",
                leaves.End - leaves.First == 1
                    ? JobReports.Number(leaves.First)
                    : $"{JobReports.Number(leaves.First)} to {JobReports.Number(leaves.End - 1)}, in {JobReports.Number(leaves.Runs)} "
                        + $"run{(leaves.Runs == 1 ? "" : "s")}"
            )
        );
        said.Add(("Signed by", log.SignedBy));
        foreach (var witness in log.Witnesses)
            said.Add(("Cosigned by", $"{witness.Name} at {Instant.Text(witness.At)}"));
        if (log.Witnesses.Count == 0)
            said.Add(("Cosigned by", "nobody that was asked for"));
        if (log.OtherSignatures > 0)
            said.Add(
                (
                    "",
                    $"{log.OtherSignatures} more signature{(log.OtherSignatures == 1 ? "" : "s")} by keys that were not given: not checked")
            );
        return said;
    }

    private static string Range(JobReport job) => (job.From, job.To) switch
    {
        ({ } from, { } to) => $" that started {Instant.Text(from)} to {Instant.Text(to)}",
        (null, { } to) => $" that started up to {Instant.Text(to)}",
        ({ } from, null) => $" that started from {Instant.Text(from)} on",
        _ => "",
    };

    private static string Items(ItemCounts items) =>
        $"{JobReports.Number(items.Sum())}: {JobReports.Number(items.Messages)} messages, {JobReports.Number(items.Transcripts)} "
        + $"transcripts, {JobReports.Number(items.Recordings)} recordings, "
        + $"{JobReports.Number(items.Attachments)} attachments, {JobReports.Number(items.Logs)} logs";

    private static void Section(TextWriter output, string title, IReadOnlyList<string> sentences)
    {
        output.WriteLine();
        output.WriteLine(title);
        foreach (var sentence in sentences)
        {
            var indent = "- ";
            foreach (var line in Wrapped(Printable(sentence)))
            {
                output.WriteLine($"  {indent}{line}");
                indent = "  ";
            }
        }
    }

    private static List<string> Wrapped(string text)
    {
        var lines = new List<string> { "" };
        foreach (var word in text.Split(' '))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + 1 + word.Length > Width - 4)
                lines.Add(word);
            else
                lines[^1] += lines[^1].Length == 0 ? word : " " + word;
        }
        return lines;
    }

    /// <summary>A proof comes from somebody else: nothing in it may move the cursor, or pass for another line.</summary>
    public static string Printable(string text) =>
        string.Concat(
            text.Select(c =>
                char.IsControl(c)
                || char.GetUnicodeCategory(c)
                    is System.Globalization.UnicodeCategory.Format
                        or System.Globalization.UnicodeCategory.LineSeparator
                        or System.Globalization.UnicodeCategory.ParagraphSeparator
                    ? '\uFFFD'
                    : c
            )
        );
}
