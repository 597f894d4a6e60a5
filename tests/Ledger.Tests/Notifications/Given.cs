using Ledger.Contracts.Jobs;
using Ledger.Notifications;
using Ledger.Projections.Status;

namespace Ledger.Tests.Notifications;

/// <summary>Jobs that ended, to be told of.</summary>
internal static class Given
{
    private static readonly DateTimeOffset s_at = new(2026, 5, 8, 6, 22, 56, 97, TimeSpan.Zero);

    public static Notification Notification(
        ReportedStatus status = ReportedStatus.Completed, string bot = "st-1", Func<JobStatus, JobStatus>? change = null)
    {
        Assert.True(JobId.TryParse("cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c", out var job));
        var document = new JobStatus
        {
            JobId = job,
            Status = status,
            Phase = Phase.Done,
            RequestType = RequestType.CId,
            SubmittedAt = s_at,
            ScheduledAt = s_at.AddHours(11),
            StartedAt = s_at.AddHours(12),
            CompletedAt = s_at.AddHours(13),
            Result = new JobResult
            {
                TotalConversations = 1300,
                ProcessedCount = 1300,
                DeletedCount = 1234,
                SkippedCount = 66,
                RetriesRemaining = 3,
                DeletedItems = new ItemCounts(10_000, 2, 3, 4, 5),
                Skipped = new Dictionary<SkipReason, long> { [SkipReason.NotFound] = 60, [SkipReason.Retention] = 6 },
            },
        };
        var id = Ledger.Notifications.Notification.IdOf(job, NotificationKind.Mail);
        return new Notification(id, job, bot, "owner@example.com", $"<{id}@ledger.example>", 1, change?.Invoke(document) ?? document, null);
    }
}
