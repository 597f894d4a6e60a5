using System.Text.Json;
using Ledger.Contracts;
using Ledger.Projections;
using Ledger.Projections.JobList;
using Ledger.Projections.Status;

namespace Ledger.Cli;

/// <summary>Shows a job, and how it gets on until it ends.</summary>
internal static class JobDisplay
{
    /// <summary>What <c>--watch</c> adds to a verb's help.</summary>
    public const string WatchDetails = "With --watch it ends with the job. The exit code is then 0 if the job completed, 3 if it failed and 4 if it was cancelled; 1 still means that the command could not do its work.";

    /// <summary>Reads the status document again and again, and shows its progress, until the job has ended.</summary>
    /// <param name="read">Reads the document.</param>
    /// <param name="interval">Between two reads.</param>
    /// <returns>The last document.</returns>
    public static Task<string> WatchAsync(Terminal terminal, Func<CancellationToken, Task<string>> read, TimeSpan interval, CancellationToken cancel) => ProgressDisplay.RunAsync(
        terminal, "Reading the job", (JobStatus status, TimeSpan _) => Shown(status),
        async tell =>
        {
            while (true)
            {
                var document = await read(cancel);
                var status = Read(document);
                tell(status);
                if (status.Ended)
                    return document;
                await Task.Delay(interval, TimeProvider.System, cancel);
            }
        },
        // What is told is what changed.
        lineInterval: TimeSpan.Zero);

    public static JobStatus Read(string document) => JsonSerializer.Deserialize(document, DocumentJson.Default.JobStatus)!;

    /// <summary>The exit code of a verb that waited for the job's end.</summary>
    public static int ExitCode(JobStatus ended) => ended.Status switch
    {
        ReportedStatus.Completed => ExitCodes.Done,
        ReportedStatus.Cancelled => ExitCodes.JobCancelled,
        _ => ExitCodes.JobFailed,
    };

    /// <summary>All that the document says, a line each.</summary>
    /// <param name="client">Who submitted it; null: not known here.</param>
    public static void Show(Terminal terminal, JobStatus job, string bot, string? client)
    {
        var (result, items) = (job.Result, job.Result.DeletedItems);
        string[][] rows =
        [
            ["job", job.JobId],
            ["bot", bot],
            ["client", client ?? "-"],
            ["type", job.RequestType.ToString()],
            ["status", $"{JobListEntry.StatusText(job.Status)} ({PhaseText(job)})"],
            ["submitted", Instant.Text(job.SubmittedAt)],
            ["scheduled", Text(job.ScheduledAt)],
            ["started", Text(job.StartedAt)],
            ["completed", Text(job.CompletedAt)],
            ["identified", $"{result.TotalConversations} conversations"],
            ["deleted", $"{result.DeletedCount}"],
            ["failed", $"{result.FailedCount} ({result.RetriesRemaining} retries remain)"],
            ["skipped", $"{result.SkippedCount}{string.Concat(result.Skipped.Select(reason => $"  {reason.Key} {reason.Value}"))}"],
            ["items", $"{items.Messages} messages, {items.Transcripts} transcripts, {items.Recordings} recordings, {items.Attachments} attachments, {items.Logs} logs"],
        ];
        terminal.Table(["", ""], rows, "");
    }

    public static string PhaseText(JobStatus job) => job.Phase.ToString().ToLowerInvariant();

    private static ShownProgress Shown(JobStatus job)
    {
        var result = job.Result;
        var state = job.Phase switch
        {
            Phase.Done => JobListEntry.StatusText(job.Status),
            Phase.Running => "running",
            _ => $"{PhaseText(job)} until {Text(job.ScheduledAt)}",
        };
        var counts = job.StartedAt is null ? "" :
            $": {result.DeletedCount:N0} of {result.TotalConversations:N0} deleted"
            + (result.SkippedCount > 0 ? $", {result.SkippedCount:N0} skipped" : "") + (result.FailedCount > 0 ? $", {result.FailedCount:N0} failed" : "");
        double? percent = job.Ended ? 100 : job.StartedAt is null ? null : 100.0 * result.ProcessedCount / Math.Max(result.TotalConversations, 1);
        return new ShownProgress($"{job.JobId} {state}{counts}", percent);
    }

    private static string Text(DateTimeOffset? at) => at is { } instant ? Instant.Text(instant) : "-";
}
