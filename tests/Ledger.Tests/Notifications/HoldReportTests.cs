using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Holds;
using Ledger.Notifications;
using Ledger.Notifications.Mail;
using Ledger.Projections.Registry;

namespace Ledger.Tests.Notifications;

/// <summary>The mail about a legal hold's end.</summary>
public sealed class HoldReportTests
{
    private static readonly DateTimeOffset s_at = new(2026, 5, 8, 6, 22, 56, TimeSpan.Zero);

    [Fact]
    public void It_names_at_most_a_hundred_jobs_and_the_number_of_the_others()
    {
        HeldJob[] jobs = [.. Enumerable.Range(0, 150).Select(i => new HeldJob(JobId.FromRandomness(new byte[32]), i + 1))];
        var report = HoldReport.Of("st-1", new HoldNotice(Hold(HoldEnd.Expired), jobs, 1234));
        Assert.Equal("Legal hold expired: 1,234 jobs owe erasure again (bot st-1)", report.Subject);
        Assert.Equal(101, report.Tables[^1].Rows.Count);
        Assert.Contains(("And more", "1,134 jobs, which the API's answer for the legal hold names"), report.Tables[^1].Rows);
        Assert.Contains(report.Tables[^1].Rows, row => row.Value == "1 conversation");
        Assert.DoesNotContain("Certificate", CompletionMail.Text(report) + CompletionMail.Html(report), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_was_skipped_nothing_is_owed_and_the_reason_is_not_told()
    {
        var report = HoldReport.Of("st-1", new HoldNotice(Hold(HoldEnd.Lifted), [], 0));
        Assert.Contains("nothing is owed", report.Summary, StringComparison.Ordinal);
        Assert.Single(report.Tables);
        Assert.DoesNotContain("court order", CompletionMail.Text(report) + CompletionMail.Html(report), StringComparison.Ordinal);
    }

    private static LegalHold Hold(HoldEnd how) => new()
    {
        HoldId = HoldId.FromRandomness(new byte[32]),
        Bot = "st-1",
        RequestType = RequestType.CId,
        Identifiers = 1,
        Reason = "court order 7",
        PlacedBy = "cs-1",
        PlacedAt = s_at,
        Ended = how,
        EndedBy = "ada",
        EndedAt = s_at.AddDays(1),
    };
}
