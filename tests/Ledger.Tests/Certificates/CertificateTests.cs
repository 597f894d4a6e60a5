using System.Text;
using Ledger.Certificates;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.Tests.Certificates;

/// <summary>A certificate never claims more than the events say, and its page says all of it.</summary>
public sealed class CertificateTests
{
    [Theory]
    [InlineData("ddd", null, JobOutcome.Completed, 0, Conclusion.Erased, "ERASED: all 3 conversations")]
    [InlineData("d", null, JobOutcome.Completed, 0, Conclusion.Erased, "ERASED: the one conversation")]
    [InlineData("ddf", "d", JobOutcome.Completed, 0, Conclusion.Erased, "ERASED: all 3 conversations")]
    [InlineData("dr", null, JobOutcome.Completed, 0, Conclusion.PartlyErased, "PARTLY ERASED: 1 of the 2")]
    [InlineData("nn", null, JobOutcome.Completed, 0, Conclusion.NothingErased, "NOTHING WAS ERASED: all 2")]
    [InlineData("", null, JobOutcome.Completed, 0, Conclusion.NothingErased, "NOTHING WAS ERASED: the job found no conversation")]
    [InlineData("ddff", "df", JobOutcome.Failed, 0, Conclusion.NotCompleted, "NOT COMPLETELY ERASED: the job failed. 3 of the 4")]
    [InlineData("d", null, JobOutcome.Cancelled, 4, Conclusion.NotCompleted, "NOT COMPLETELY ERASED: the job was cancelled. 1 of the 5")]
    [InlineData("", null, JobOutcome.Cancelled, 4, Conclusion.NotCompleted, "NOT ERASED: the job was cancelled. Nothing was erased.")]
    public async Task The_headline_says_how_it_ended_and_nothing_is_called_erased_but_what_was(
        string first, string? second, JobOutcome outcome, int untouched, Conclusion conclusion, string headline)
    {
        var record = Records.Of(outcome, first, second, untouched);
        var certificate = Records.Certificate(record);
        Assert.Equal(conclusion, certificate.Conclusion);
        Assert.StartsWith(headline, certificate.Headline, StringComparison.Ordinal);
        var end = record.Job.End;
        Assert.Equal(
            new CertifiedConversations(end.Conversations, end.Deleted, end.Skipped.Values.Sum(), end.Failed, untouched),
            certificate.Conversations);
        Assert.Equal(
            conclusion != Conclusion.Erased, certificate.NotProven[0].Contains("by this job they were NOT", StringComparison.Ordinal));
        Assert.Equal(end.Deleted > 0, certificate.Method.Erasure.StartsWith("Each conversation", StringComparison.Ordinal));

        var page = await PageAsync(certificate);
        Assert.Contains($">{certificate.Headline}<", System.Net.WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Equal(conclusion == Conclusion.Erased, page.Contains("class=\"headline whole\"", StringComparison.Ordinal));
        Assert.Equal(end.Deleted > 0, page.Contains("deleted as rows", StringComparison.Ordinal));
        Assert.Equal(end.Deleted < end.Conversations, page.Contains("were NOT erased by it", StringComparison.Ordinal));
    }

    [Fact]
    public void Failures_are_those_that_were_left_and_each_window_says_what_was_recorded_in_it()
    {
        var certificate = Records.Certificate(Records.Of(JobOutcome.Failed, "ddffr", "df"));
        Assert.Equal(1, Assert.Single(certificate.Failed, failed => failed.Key == FailureReason.StoreRefused).Value);
        Assert.Equal(
            [(1, ScheduleReason.OffPeak, 2L, 1L, 2L), (2, ScheduleReason.Retry, 1, 0, 1)],
            certificate.Windows.Select(w => (w.Attempt, w.Planned, w.Erased, w.Skipped, w.Failed)));
        Assert.Equal(2, certificate.Attempts);
        Assert.Equal(
            (Records.Evening.AddSeconds(1), Records.Evening.AddDays(1)),
            (certificate.Instants.FirstErasedAt, certificate.Instants.LastErasedAt));
    }

    [Fact]
    public void A_job_without_a_list_failed_with_its_attempts_and_started_never()
    {
        var certificate = Records.Certificate(Records.Listless());
        Assert.StartsWith("NOT ERASED: the job failed before it knew what to erase.", certificate.Headline, StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(certificate.FailedAttempts).Value);
        Assert.Null(certificate.Instants.StartedAt);
        Assert.All(certificate.Windows, window => Assert.Null(window.FirstAt));
        Assert.Equal(2, certificate.Windows.Count);
    }

    [Fact]
    public async Task The_case_is_shown_with_its_days_and_extensions_and_without_its_reference()
    {
        Assert.Null(Records.Certificate(Records.Of(JobOutcome.Completed, "d")).Case);
        var certificate = Records.Certificate(Records.OfCase());
        Assert.Equal(
            (CaseBasis.Gdpr171B, new DateOnly(2026, 5, 2), new DateOnly(2026, 6, 2), new DateOnly(2026, 8, 2), true),
            (certificate.Case!.Basis, certificate.Case.ReceivedOn, certificate.Case.FirstDueOn, certificate.Case.DueOn,
                certificate.Case.HasReference));
        var page = System.Net.WebUtility.HtmlDecode(await PageAsync(certificate));
        foreach (var told in new[]
        {
            "gdpr_17_1_b, received on 2026-05-02, due on 2026-06-02, with a reference, which is not shown", "to 2026-08-02",
            "many <b>requests</b>",
        })
            Assert.Contains(told, page, StringComparison.Ordinal);
    }

    [Fact]
    public void Cosignatures_are_shown_as_they_are_and_not_called_checked()
    {
        var record = Records.Of(JobOutcome.Completed, "d");
        var witness = new NoteSigner("witness.example/w1", NoteKeyType.Cosignature, [.. Enumerable.Range(0, 32).Select(n => (byte)n)]);
        var at = Records.Evening.AddDays(1);
        var note = SignedNote.Parse(record.Job.Note);
        var certificate = Records.Certificate(
            record with { Job = record.Job with { Note = note.With(witness.Cosign(note.Text, at.ToUnixTimeSeconds())).ToString() } });
        Assert.Equal(new Cosigned("witness.example/w1", "e75f6532", at), Assert.Single(certificate.Log.Witnesses));
        Assert.Contains(
            certificate.NotProven,
            sentence => sentence.StartsWith("That the cosignatures are the witnesses' own", StringComparison.Ordinal));
        Assert.DoesNotContain(certificate.NotProven, sentence => sentence.StartsWith("Any instant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_page_takes_every_value_from_the_certificate()
    {
        var certificate = Records.Certificate(Records.Of(JobOutcome.Failed, "ddffr", "df", bot: "bot-7", client: "client-8"));
        var page = await PageAsync(certificate);
        string[] expected =
        [
            "bot-7",
            "client-8",
            certificate.Job.ToString(),
            "conversations by their ids: 5",
            "out of the retention period",
            "the store refused",
            "night",
            "0 0 18 * * ?",
            "2026-05-08 18:00:00.000 UTC",
            "2026-05-09 02:00:00.000 UTC",
            certificate.Log.Origin,
            Convert.ToBase64String(certificate.Log.Root),
            certificate.Verify.Proof,
            certificate.Verify.Page,
            .. certificate.NotProven,
            .. certificate.Sanitization.Fields.Select(field => field.Value ?? field.Field),
        ];
        var text = System.Net.WebUtility.HtmlDecode(page);
        Assert.All(expected, value => Assert.Contains(value, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Names_that_are_markup_or_turn_text_around_are_shown_as_text()
    {
        const string Hostile = "</title><script>alert(1)</script>\u202E";
        var page = await PageAsync(Records.Certificate(Records.Of(JobOutcome.Completed, "d", bot: Hostile, client: Hostile)));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u202E', page);
        Assert.Equal(1, page.Split("</title>").Length - 1);
    }

    [Fact]
    public void The_JSON_has_its_golden_shape()
    {
        var golden = Path.Combine(SourceTree.Root, "tests", "Ledger.Tests", "Golden", "certificate.json");
        var json = Encoding.UTF8.GetString(CertificateJson.Write(Records.Certificate(Records.Of(JobOutcome.Failed, "ddffr", "df")))) + "\n";
        if (Environment.GetEnvironmentVariable("LEDGER_WRITE_GOLDEN") == "1")
        {
            File.WriteAllText(golden, json);
            Assert.Fail($"{golden} was written: look at its difference");
        }
        Assert.Equal(File.ReadAllText(golden), json);
    }

    private static async Task<string> PageAsync(Certificate certificate)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        return await new Html(services, NullLoggerFactory.Instance).RenderAsync<CertificatePage>(
            CertificateDocument.Of(certificate, "a4", Assets.Text("certificate.css")).Parameters);
    }
}
