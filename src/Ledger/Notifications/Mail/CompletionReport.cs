using System.Globalization;
using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using Ledger.Projections.Status;

namespace Ledger.Notifications.Mail;

/// <summary>
/// The report of a job's end to the owner of a bot, in words. It holds everything that the status document says, and no identifier of a
/// conversation or a channel user.
/// </summary>
/// <param name="Certificate">The place of the certificate. Null if there is none.</param>
public sealed record CompletionReport(string Subject, string Summary, IReadOnlyList<ReportTable> Tables, string? Certificate, bool IsLink)
{
    /// <summary>The words for what the address leads to.</summary>
    public string AddressTitle { get; init; } = "Certificate of erasure";

    /// <param name="publicUrl">The service's address. Null if the report gives only the certificate's path.</param>
    public static CompletionReport Of(Notification notification, Uri? publicUrl)
    {
        var (bot, status) = (notification.Bot, notification.Status);
        return new CompletionReport(
            SubjectOf(bot, status), SummaryOf(status),
            [About(bot, status), Instants(status), Conversations(status.Result), Items(status.Result.DeletedItems)],
            PublicAddress.Certificate(publicUrl, bot, notification.Job), publicUrl is not null);
    }

    /// <summary><c>1,234</c></summary>
    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Count(long number) => $"{Number(number)} conversation{(number == 1 ? "" : "s")}";

    private static string SubjectOf(string bot, JobStatus status) =>
        $"Deletion job {Word(status)}: {Count(status.Result.DeletedCount)} erased"
        + $"{(status.Result.FailedCount > 0 ? $", {Number(status.Result.FailedCount)} not erased" : "")} (bot {bot})";

    private static string Word(JobStatus status) => status.Status switch
    {
        ReportedStatus.Completed => "completed",
        ReportedStatus.Failed => "failed",
        ReportedStatus.Cancelled => "cancelled",
        ReportedStatus.Queued => "not ended",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    private static string SummaryOf(JobStatus status)
    {
        var result = status.Result;
        return status.Status switch
        {
            ReportedStatus.Completed when result.TotalConversations == 0 =>
                "The deletion job is complete. There was no conversation to erase.",
            ReportedStatus.Completed when result.SkippedCount == 0 =>
                $"The deletion job is complete. {Count(result.DeletedCount)} {Were(result.DeletedCount)} erased, which is all that was "
                + "on its list.",
            ReportedStatus.Completed =>
                $"The deletion job is complete. {Count(result.DeletedCount)} {Were(result.DeletedCount)} erased and "
                + $"{Number(result.SkippedCount)} skipped, for the reasons below.",
            ReportedStatus.Failed when status.StartedAt is null =>
                "The deletion job failed. What it should erase could not be listed, and nothing was erased. Please submit it again.",
            ReportedStatus.Failed =>
                $"The deletion job failed. {Count(result.FailedCount)} could not be erased in any attempt; "
                + $"{Number(result.DeletedCount)} {Were(result.DeletedCount)} erased. Please submit those that are left again.",
            _ =>
                $"The deletion job was cancelled. {Count(result.DeletedCount)} had been erased by then, and stay erased; the others were "
                + "not touched.",
        };
    }

    private static string Were(long number) => number == 1 ? "was" : "were";

    internal static ReportTable About(string bot, JobStatus status) => new("Job",
    [
        ("Job", status.JobId.ToString()), ("Bot", bot),
        ("Asked for", status.RequestType switch
        {
            RequestType.ConversationIds => "conversations by their ids (conversationIds)",
            RequestType.CId => "conversations of a channel user (cId)",
            _ => throw new ArgumentOutOfRangeException(nameof(status)),
        }),
        ("Outcome", Word(status)),
    ]);

    internal static ReportTable Instants(JobStatus status) =>
        new(
            "When (UTC)",
            [
                ("Submitted", Text(status.SubmittedAt)), ("Planned for", Text(status.ScheduledAt)), ("Started", Text(status.StartedAt)),
                ("Ended", Text(status.CompletedAt)),
            ]
        );

    private static string Text(DateTimeOffset? instant) =>
        instant is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture) : "never";

    private static ReportTable Conversations(JobResult result) => new("Conversations",
    [
        ("Identified", Number(result.TotalConversations)), ("Processed", Number(result.ProcessedCount)),
        ("Erased", Number(result.DeletedCount)), ("Not erased (failed)", Number(result.FailedCount)),
        ("Skipped", Number(result.SkippedCount)),
        .. result.Skipped.OrderBy(skipped => skipped.Key)
            .Select(skipped => ($"Skipped: {ReasonWords.Of(skipped.Key)}", Number(skipped.Value))),
        ("Retries left", Number(result.RetriesRemaining)),
    ]);

    private static ReportTable Items(ItemCounts items) => new("Erased with them",
    [
        ("Messages", Number(items.Messages)), ("Transcripts", Number(items.Transcripts)), ("Recordings", Number(items.Recordings)),
        ("Attachments", Number(items.Attachments)), ("Logs", Number(items.Logs)),
    ]);
}

/// <summary>Labels and values under a title.</summary>
public sealed record ReportTable(string Title, IReadOnlyList<(string Label, string Value)> Rows);
