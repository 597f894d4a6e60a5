using System.Text.Json;
using Ledger.Api;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Cli.Jobs;

/// <summary>Shows a job, and how it gets on until it ends.</summary>
internal static class JobDisplay
{
    /// <summary>The text that <c>--watch</c> adds to a verb's help.</summary>
    public const string WatchDetails =
        "With --watch it ends with the job. "
        + "The exit code is then 0 if the job completed and found all that it was asked for, 3 if it failed,\n"
        + "4 if it was cancelled and 5 if something was not found; 1 still means that the command could not do its work.";

    /// <summary>Reads the status document again and again, and shows its progress, until the job has ended.</summary>
    /// <param name="read">Reads the document.</param>
    /// <param name="interval">Between two reads.</param>
    /// <returns>The last document.</returns>
    public static Task<string> WatchAsync(
        Terminal terminal, Func<CancellationToken, Task<string>> read, TimeSpan interval, CancellationToken cancel) =>
        ProgressDisplay.RunAsync(
            terminal,
            "Reading the job",
            (JobStatus status, TimeSpan _) => Shown(status),
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
            lineInterval: TimeSpan.Zero
        );

    public static JobStatus Read(string document) => JsonSerializer.Deserialize(document, DocumentJson.Default.JobStatus)!;

    /// <summary>
    /// The exit code of a verb that waited for the job's end. What was not found is told: an id that was read or written wrongly is such a
    /// one.
    /// </summary>
    public static int Conclude(Terminal terminal, JobStatus ended)
    {
        if (ended.Status != ReportedStatus.Completed)
            return ended.Status == ReportedStatus.Cancelled ? ExitCodes.JobCancelled : ExitCodes.JobFailed;
        var (identified, missing) = (ended.Result.TotalConversations, ended.Result.Skipped.GetValueOrDefault(SkipReason.NotFound));
        if (missing == 0 && identified > 0)
            return ExitCodes.Done;
        terminal.Warn(
            missing > 0
                ? $"{missing:N0} of {identified:N0} conversations that were asked for were not found: "
                    + "are their ids written as the platform writes them?"
                : "no conversation of the channel user was found in the job's range of time: is the cId written as the platform writes it?"
        );
        return ExitCodes.NotFound;
    }

    /// <summary>All that the document says, a name and a value a row.</summary>
    /// <param name="client">The client that submitted it; null if it is not known here.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Facts(JobStatus job, string bot, string? client)
    {
        var (result, items) = (job.Result, job.Result.DeletedItems);
        return (string[][])
            [
                ["job", job.JobId.ToString()],
                ["bot", bot],
                ["client", client ?? "-"],
                ["type", job.RequestType.ToString()],
                ["status", $"{Job.StatusText(job.Status)} ({PhaseText(job)})"],
                ["submitted", Instant.Text(job.SubmittedAt)],
                ["scheduled", Text(job.ScheduledAt)],
                ["started", Text(job.StartedAt)],
                ["completed", Text(job.CompletedAt)],
                ["identified", $"{result.TotalConversations} conversations"],
                ["deleted", $"{result.DeletedCount}"],
                ["failed", $"{result.FailedCount} ({result.RetriesRemaining} retries remain)"],
                ["skipped", $"{result.SkippedCount}{SkippedText(result.Skipped)}"],
                [
                    "items",
                    $"{items.Messages} messages, {items.Transcripts} transcripts, {items.Recordings} recordings, {items.Attachments} "
                    + $"attachments, {items.Logs} logs",
                ],
            ];
    }

    /// <summary>All that a preview says, a name and a value a row.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Facts(Preview preview, string bot) =>
        (string[][])
        [
            ["bot", bot],
            ["type", preview.RequestType.ToString()],
            ["window", preview.Window.Name],
            ["opens", Instant.Text(preview.Window.Opens)],
            ["closes", Instant.Text(preview.Window.Closes)],
            ["planned", Instant.Text(preview.Window.PlannedAt)],
            ["identified", $"{preview.Result.TotalConversations} conversations"],
            ["deletable", $"{preview.Result.DeletableCount}"],
            ["skipped", $"{preview.Result.SkippedCount}{SkippedText(preview.Result.Skipped)}"],
        ];

    public static string PhaseText(JobStatus job) => job.Phase.ToString().ToLowerInvariant();

    private static ShownProgress Shown(JobStatus job)
    {
        var result = job.Result;
        var state = job.Phase switch
        {
            Phase.Done => Job.StatusText(job.Status),
            Phase.Running => "running",
            _ => $"{PhaseText(job)} until {Text(job.ScheduledAt)}",
        };
        var counts = job.StartedAt is null
            ? ""
            : $": {result.DeletedCount:N0} of {result.TotalConversations:N0} deleted"
                + (result.SkippedCount > 0 ? $", {result.SkippedCount:N0} skipped" : "")
                + (result.FailedCount > 0 ? $", {result.FailedCount:N0} failed" : "");
        double? percent =
            job.Ended ? 100
            : job.StartedAt is null ? null
            : 100.0 * result.ProcessedCount / Math.Max(result.TotalConversations, 1);
        return new ShownProgress($"{job.JobId} {state}{counts}", percent);
    }

    private static string SkippedText(IReadOnlyDictionary<SkipReason, long> skipped) =>
        skipped.Count == 0
            ? ""
            : $" ({string.Join(", ", skipped.Select(reason => $"{reason.Value:N0} {ReasonWords.Of(reason.Key)}"))})";

    private static string Text(DateTimeOffset? at) => at is { } instant ? Instant.Text(instant) : "-";
}
