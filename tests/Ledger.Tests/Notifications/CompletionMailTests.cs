using System.Net.Mail;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ledger.Contracts.Jobs;
using Ledger.Notifications;
using Ledger.Notifications.Mail;
using Ledger.Projections.Status;
using MimeKit;

namespace Ledger.Tests.Notifications;

/// <summary>What the owner of a bot reads. The whole mail, as it travels, is <c>Golden/completion.eml</c>.</summary>
public sealed partial class CompletionMailTests
{
    private static readonly Uri s_public = new("https://ledger.example/");

    private static string Golden => Path.Combine(SourceTree.Root, "tests", "Ledger.Tests", "Golden", "completion.eml");

    [Fact]
    public async Task The_mail_as_it_travels_is_the_golden_file()
    {
        var mail = Varying().Replace(await WriteAsync(Given.Notification()), "…");
        if (Environment.GetEnvironmentVariable("LEDGER_WRITE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(Golden, mail);
            Assert.Fail($"{Golden} was written: look at its difference");
        }
        Assert.Equal((await File.ReadAllTextAsync(Golden)).ReplaceLineEndings("\n"), mail);
    }

    [Theory]
    [InlineData("бот")]
    [InlineData("\ud83e\udd16<&>\"'")]
    public async Task What_is_not_ASCII_travels_whole(string bot)
    {
        var notification = Given.Notification(bot: string.Concat(Enumerable.Repeat(bot, 20)));
        var written = await WriteAsync(notification);
        var report = CompletionReport.Of(notification, s_public);
        Assert.All(written, character => Assert.True(char.IsAscii(character)));
        Assert.All(written.Split('\n'), line => Assert.InRange(line.Length, 0, 998));
        var mail = await MimeMessage.LoadAsync(new MemoryStream(Encoding.ASCII.GetBytes(written)));
        Assert.Equal(report.Subject, mail.Subject);
        Assert.Equal(CompletionMail.Text(report).ReplaceLineEndings(), mail.TextBody!.ReplaceLineEndings());
        Assert.Equal(CompletionMail.Html(report).ReplaceLineEndings(), mail.HtmlBody!.ReplaceLineEndings());
    }

    /// <summary>
    /// As the folder gets it, twice: the second writes the same file. Line ends are LF here, as a checkout may have the golden file's.
    /// </summary>
    private static async Task<string> WriteAsync(Notification notification)
    {
        var folder = Directory.CreateTempSubdirectory("ledger-mail-").FullName;
        var sender = new MailSender(
            new NotificationOptions
            {
                MailFolder = folder,
                From = new MailAddress("ledger@ledger.example", "Deletion ledger"),
                PublicUrl = s_public,
            },
            TimeProvider.System
        );
        Assert.IsType<SendResult.Sent>(await sender.SendAsync(notification, CancellationToken.None));
        Assert.IsType<SendResult.Sent>(await sender.SendAsync(notification, CancellationToken.None));
        var mail = await File.ReadAllTextAsync(Assert.Single(Directory.GetFileSystemEntries(folder)));
        Directory.Delete(folder, recursive: true);
        return mail.ReplaceLineEndings("\n");
    }

    [Fact]
    public void The_HTML_is_well_formed_has_a_language_a_title_and_labelled_rows_and_escapes_what_others_chose()
    {
        var report = CompletionReport.Of(Given.Notification(bot: "<script>alert('&')</script>"), s_public);
        var html = XDocument.Parse(CompletionMail.Html(report)).Root!;
        Assert.Empty(html.Descendants("script"));
        Assert.Equal("en", (string?)html.Attribute("lang"));
        Assert.Equal(report.Subject, html.Element("head")!.Element("title")!.Value);
        Assert.All(html.Descendants("tr"), row => Assert.Equal("row", (string?)row.Element("th")!.Attribute("scope")));
        Assert.All(html.Descendants("table"), table => Assert.NotEmpty(table.Element("caption")!.Value));
        Assert.Equal(report.Tables.Sum(table => table.Rows.Count), html.Descendants("tr").Count());
        Assert.Equal(
            "https://ledger.example/jobs/%3Cscript%3Ealert%28%27%26%27%29%3C%2Fscript%3E/"
            + "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c/certificate",
            (string?)html.Descendants("a").Single().Attribute("href"));
    }

    [Fact]
    public void Text_and_HTML_say_the_same()
    {
        var report = CompletionReport.Of(Given.Notification(), publicUrl: null);
        var (text, html) = (CompletionMail.Text(report), XDocument.Parse(CompletionMail.Html(report)).Root!.Value);
        foreach (
            var said in (string[])
                [
                    report.Summary, report.Certificate!,
                    .. report.Tables.SelectMany(table => table.Rows).SelectMany(row => new[] { row.Label, row.Value }),
                ]
        )
        {
            Assert.Contains(said, text, StringComparison.Ordinal);
            Assert.Contains(said, html, StringComparison.Ordinal);
        }
        Assert.StartsWith("/jobs/st-1/cdj-", report.Certificate, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        ReportedStatus.Completed, 3, 3, 0, "Deletion job completed: 3 conversations erased (bot st-1)",
        "3 conversations were erased, which is all")]
    [InlineData(
        ReportedStatus.Completed, 3, 1, 0, "Deletion job completed: 1 conversation erased (bot st-1)",
        "1 conversation was erased and 2 skipped")]
    [InlineData(
        ReportedStatus.Completed, 0, 0, 0, "Deletion job completed: 0 conversations erased (bot st-1)",
        "There was no conversation to erase")]
    [InlineData(
        ReportedStatus.Failed, 3, 2, 1, "Deletion job failed: 2 conversations erased, 1 not erased (bot st-1)",
        "1 conversation could not be erased in any attempt; 2 were erased")]
    [InlineData(
        ReportedStatus.Cancelled, 3, 1, 0, "Deletion job cancelled: 1 conversation erased (bot st-1)",
        "was cancelled. 1 conversation had been erased by then")]
    public void The_outcome_is_told_in_the_subject_and_in_plain_words(
        ReportedStatus status, long total, long deleted, long failed, string subject, string summary)
    {
        var report = CompletionReport.Of(
            Given.Notification(
                status,
                change: document =>
                    document with
                    {
                        Result = document.Result with
                        {
                            TotalConversations = total,
                            DeletedCount = deleted,
                            FailedCount = failed,
                            SkippedCount = total - deleted - failed,
                        },
                    }
            ),
            s_public
        );
        Assert.Equal(subject, report.Subject);
        Assert.Contains(summary, report.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_job_whose_list_could_not_be_resolved_it_is_told_that_nothing_was_erased()
    {
        var report = CompletionReport.Of(
            Given.Notification(ReportedStatus.Failed, change: document => document with { StartedAt = null }), s_public);
        Assert.Contains("nothing was erased", report.Summary, StringComparison.Ordinal);
        Assert.Contains(("Started", "never"), report.Tables.SelectMany(table => table.Rows));
    }

    [Fact]
    public void Every_skip_reason_has_words_of_its_own()
    {
        var report = CompletionReport.Of(
            Given.Notification(change: document =>
                document with
                {
                    Result = document.Result with
                    {
                        Skipped = Enum.GetValues<SkipReason>().ToDictionary(reason => reason, reason => 40L + (int)reason),
                    },
                }
            ),
            s_public
        );
        var skipped = report
            .Tables.SelectMany(table => table.Rows)
            .Where(row => row.Label.StartsWith("Skipped: ", StringComparison.Ordinal))
            .ToList();
        var reasons = Enum.GetValues<SkipReason>();
        Assert.Equal(reasons.Select(reason => $"{40 + (int)reason}"), skipped.Select(row => row.Value));
        Assert.Equal(reasons.Length, skipped.Select(row => row.Label).Distinct().Count());
    }

    /// <summary>What is another each time.</summary>
    [GeneratedRegex("(?<=^Date: )[^\n]+$", RegexOptions.Multiline)]
    private static partial Regex Varying();
}
