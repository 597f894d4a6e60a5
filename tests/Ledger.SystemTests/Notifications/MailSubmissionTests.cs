using Ledger.Notifications;
using Ledger.Notifications.Mail;
using MailKit.Security;
using MimeKit;

namespace Ledger.SystemTests.Notifications;

/// <summary>The SMTP that a real mail server speaks.</summary>
public sealed class MailSubmissionTests
{
    [SkippableTheory]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    public async Task A_server_that_offers_only_one_way_to_log_in_is_logged_in_to(string mechanism)
    {
        await using var receiver = new SmtpReceiver { Login = "ada:p@ss/w\u00f6rd", Mechanism = mechanism };
        await receiver.ListenAsync();
        var server = new SmtpServer("127.0.0.1", receiver.Port, SecureSocketOptions.None, "ada", "p@ss/w\u00f6rd");
        Assert.IsType<SendResult.Sent>(await SubmitAsync(server));
        Assert.Equal("ada", Assert.Single(receiver.Mails).User);
        Assert.Equal(
            new SendResult.Failed("the mail server refused the user or password (535 5.7.8)"),
            await SubmitAsync(server with { Password = "wrong" }));
    }

    [SkippableFact]
    public async Task Lines_that_begin_with_a_full_stop_arrive_as_they_were_and_refusals_are_judged_by_their_codes_wherever_they_come()
    {
        await using var receiver = await SmtpReceiver.StartAsync();
        var server = new SmtpServer("localhost", receiver.Port, SecureSocketOptions.None);
        Assert.IsType<SendResult.Sent>(await SubmitAsync(server, text: ".\r\n..y\r\n.z\r\n"));
        Assert.Equal(".\n..y\n.z\n", Assert.Single(receiver.Mails).Text("text/plain").ReplaceLineEndings("\n"));

        // The receiver answers with what such an address says.
        foreach (var (from, to, problem, isFinal) in new[]
        {
            ("a", "rcpt-550-5.1.1", "the mail server refused the recipient (550 5.1.1)", true),
            ("a", "rcpt-550-5.2.1", "the mail server refused the recipient (550 5.2.1)", true),
            ("a", "rcpt-553", "the mail server refused the recipient (553)", true),
            ("a", "rcpt-554-5.7.1", "the mail server refused the recipient (554 5.7.1)", false),
            ("a", "rcpt-552-5.2.2", "the mail server refused the recipient (552 5.2.2)", false),
            ("a", "rcpt-530-5.7.0", "the mail server wants a user and password, or STARTTLS (530)", false),
            ("a", "rcpt-452-4.2.2", "the mail server does not take mail for the recipient at the moment (452 4.2.2)", false),
            ("a", "data-550-5.1.1", "the mail server did not take the mail (550 5.1.1)", true),
            ("a", "data-554-5.7.1", "the mail server did not take the mail (554 5.7.1)", false),
            ("mail-554-5.7.1", "b", "the mail server refused the sender (554 5.7.1)", false),
            ("mail-550", "b", "the mail server refused the sender (550)", false),
        })
            Assert.Equal(new SendResult.Failed(problem, isFinal), await SubmitAsync(server, $"{from}@example.com", $"{to}@example.com"));
        Assert.Single(receiver.Mails);
    }

    private static async Task<SendResult> SubmitAsync(
        SmtpServer server, string from = "a@example.com", string to = "b@example.com", string text = "y\r\n")
    {
        using var mail = new MimeMessage(
            [new MailboxAddress("", from)], [new MailboxAddress("", to)], "x", new TextPart("plain") { Text = text });
        return await MailSubmission.SubmitAsync(server, mail, CancellationToken.None);
    }
}
