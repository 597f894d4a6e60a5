using Ledger.Notifications.Mail;
using MailKit.Net.Smtp;

namespace Ledger.Tests.Notifications;

/// <summary>What a server's codes mean. Nothing of its words is told.</summary>
public sealed class MailRefusalTests
{
    private const SmtpErrorCode Mail = SmtpErrorCode.SenderNotAccepted, Rcpt = SmtpErrorCode.RecipientNotAccepted,
        Data = SmtpErrorCode.UnexpectedStatusCode, End = SmtpErrorCode.MessageNotAccepted;

    [Theory]
    [InlineData(Rcpt, 550, "5.1.1 <you@example.com>: no such mailbox", true, "the mail server refused the recipient (550 5.1.1)")]
    [InlineData(Rcpt, 550, "5.1.1", true, "the mail server refused the recipient (550 5.1.1)")]
    [InlineData(Rcpt, 550, "5.1.1 no\n5.1.1 such mailbox", true, "the mail server refused the recipient (550 5.1.1)")]
    [InlineData(Rcpt, 550, "5.1.2 bad domain", true, "the mail server refused the recipient (550 5.1.2)")]
    [InlineData(Rcpt, 501, "5.1.3 bad syntax", true, "the mail server refused the recipient (501 5.1.3)")]
    [InlineData(Rcpt, 551, "5.1.6 moved", true, "the mail server refused the recipient (551 5.1.6)")]
    [InlineData(Rcpt, 550, "5.2.1 disabled", true, "the mail server refused the recipient (550 5.2.1)")]
    [InlineData(End, 550, "5.1.1 no such mailbox", true, "the mail server did not take the mail (550 5.1.1)")]
    [InlineData(Data, 550, "5.2.1 disabled", true, "the mail server did not take the mail (550 5.2.1)")]
    [InlineData(Rcpt, 550, "you@example.com is unknown", true, "the mail server refused the recipient (550)")]
    [InlineData(Rcpt, 551, "", true, "the mail server refused the recipient (551)")]
    [InlineData(Rcpt, 553, "you@example.com?", true, "the mail server refused the recipient (553)")]
    [InlineData(End, 550, "no", true, "the mail server did not take the mail (550)")]
    [InlineData(Rcpt, 554, "5.7.1 <you@example.com>: Relay access denied", false, "the mail server refused the recipient (554 5.7.1)")]
    [InlineData(Rcpt, 550, "5.7.1 relaying denied", false, "the mail server refused the recipient (550 5.7.1)")]
    [InlineData(Rcpt, 550, "5.7.26 not authenticated", false, "the mail server refused the recipient (550 5.7.26)")]
    [InlineData(Rcpt, 550, "5.1.10 null MX", false, "the mail server refused the recipient (550 5.1.10)")]
    [InlineData(Rcpt, 552, "5.2.2 mailbox full", false, "the mail server refused the recipient (552 5.2.2)")]
    [InlineData(Rcpt, 552, "mailbox full", false, "the mail server refused the recipient (552)")]
    [InlineData(Rcpt, 554, "no", false, "the mail server refused the recipient (554)")]
    [InlineData(Rcpt, 503, "5.5.1 wrong order", false, "the mail server refused the recipient (503 5.5.1)")]
    [InlineData(Rcpt, 450, "4.2.0 later", false, "the mail server does not take mail for the recipient at the moment (450 4.2.0)")]
    [InlineData(Rcpt, 450, "5.1.1 later", false, "the mail server does not take mail for the recipient at the moment (450 5.1.1)")]
    [InlineData(Rcpt, 550, "4.1.1 later", false, "the mail server refused the recipient (550 4.1.1)")]
    [InlineData(Mail, 550, "5.1.1 no such mailbox", true, "the mail server refused the sender (550 5.1.1)")]
    [InlineData(Mail, 554, "5.7.1 denied", false, "the mail server refused the sender (554 5.7.1)")]
    [InlineData(Mail, 550, "5.1.8 bad sender", false, "the mail server refused the sender (550 5.1.8)")]
    [InlineData(Mail, 550, "you may not send", false, "the mail server refused the sender (550)")]
    [InlineData(Mail, 553, "sender?", false, "the mail server refused the sender (553)")]
    [InlineData(Mail, 530, "5.7.0 log in", false, "the mail server wants a user and password, or STARTTLS (530)")]
    [InlineData(Mail, 538, "encrypt", false, "the mail server wants a user and password, or STARTTLS (538)")]
    [InlineData(End, 554, "5.6.0 spam", false, "the mail server did not take the mail (554 5.6.0)")]
    [InlineData(End, 452, "4.3.1 full", false, "the mail server did not take the mail (452 4.3.1)")]
    [InlineData(Rcpt, 550, "5.1.1you@example.com", true, "the mail server refused the recipient (550)")]
    public void A_refusal_is_for_good_only_where_it_is_the_mailboxs_own_fault(
        SmtpErrorCode at, int code, string text, bool isFinal, string problem)
    {
        var failed = MailRefusal.Of(new SmtpCommandException(at, (SmtpStatusCode)code, text), isConnected: true);
        Assert.Equal((problem, isFinal), (failed.Problem, failed.IsFinal));
    }

    [Theory]
    [InlineData(550, "5.1.1 you are not welcome", "the mail server takes no mail at the moment (550 5.1.1)")]
    [InlineData(554, "no", "the mail server takes no mail at the moment (554)")]
    public void Before_a_mailbox_was_named_nothing_is_for_good(int code, string text, string problem)
    {
        var failed = MailRefusal.Of(new SmtpCommandException(Data, (SmtpStatusCode)code, text), isConnected: false);
        Assert.Equal((problem, false), (failed.Problem, failed.IsFinal));
    }
}
