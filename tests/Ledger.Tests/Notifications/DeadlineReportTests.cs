using System.Text;
using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Notifications;
using Ledger.Notifications.Mail;
using Ledger.Notifications.Webhooks;
using Ledger.Projections.Status;

namespace Ledger.Tests.Notifications;

/// <summary>What a bot's owner and its webhook are told of a deadline.</summary>
public sealed class DeadlineReportTests
{
    private static readonly Uri s_url = new("https://ledger.example");

    [Theory]
    [InlineData(NotificationTopic.DueSoon, "Deletion job due on 2026-06-02 (bot st-1)", "has not ended yet")]
    [InlineData(NotificationTopic.Overdue, "Deletion job late: it was due on 2026-06-02 (bot st-1)", "had not ended by then")]
    public void The_mail_says_when_the_job_is_due_and_where_it_is(NotificationTopic topic, string subject, string words)
    {
        var report = DeadlineReport.Of(Of(topic), s_url);
        Assert.Equal(subject, report.Subject);
        foreach (var text in new[] { CompletionMail.Text(report), CompletionMail.Html(report) })
        {
            Assert.Contains(words, text, StringComparison.Ordinal);
            Assert.Contains("https://ledger.example/jobs/st-1/cdj-", text, StringComparison.Ordinal);
            Assert.DoesNotContain("ertificate", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_webhook_has_the_status_and_the_day_under_a_type_of_its_own()
    {
        var body = JsonElement.Parse(Encoding.UTF8.GetString(WebhookSender.Body(Of(NotificationTopic.Overdue), s_url)));
        Assert.Equal("deletion_job.overdue", body.GetProperty("type").GetString());
        Assert.Equal("2026-06-03T00:00:30.000Z", body.GetProperty("timestamp").GetString());
        var data = body.GetProperty("data");
        Assert.Equal(
            ("st-1", "queued", "2026-06-02"),
            (data.GetProperty("botId").GetString(), data.GetProperty("status").GetString(), data.GetProperty("dueOn").GetString()));
        Assert.False(data.TryGetProperty("certificate", out _));
    }

    [Fact]
    public void Each_job_has_one_notification_of_a_kind_and_topic_and_that_of_its_end_is_as_before()
    {
        Assert.True(JobId.TryParse("cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c", out var job));
        var ids = Enum.GetValues<NotificationKind>().SelectMany(
            kind => Enum.GetValues<NotificationTopic>().Select(topic => Notification.IdOf(job, kind, topic))).ToList();
        Assert.Equal(6, ids.Distinct().Count());
        Assert.Equal(Given.Notification().Id, Notification.IdOf(job, NotificationKind.Mail, NotificationTopic.Ended));
    }

    private static Notification Of(NotificationTopic topic) =>
        Given.Notification(ReportedStatus.Queued, change: status => status with { CompletedAt = null, Phase = Phase.Waiting }) with
        {
            Topic = topic,
            DueOn = new DateOnly(2026, 6, 2),
            QueuedAt = new DateTimeOffset(2026, 6, 3, 0, 0, 30, TimeSpan.Zero),
        };
}
