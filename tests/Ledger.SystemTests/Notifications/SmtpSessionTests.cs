using Ledger.Notifications;

namespace Ledger.SystemTests.Notifications;

/// <summary>The SMTP that a real mail server speaks.</summary>
public sealed class SmtpSessionTests
{
    [SkippableTheory]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    public async Task A_server_that_offers_only_one_way_to_log_in_is_logged_in_to(string mechanism)
    {
        await using var receiver = new SmtpReceiver { Login = "ada:p@ss/w\u00f6rd", Mechanism = mechanism };
        await receiver.ListenAsync();
        var server = new SmtpServer("127.0.0.1", receiver.Port, UsesStartTls: false, "ada", "p@ss/w\u00f6rd");
        await SmtpSession.SubmitAsync(server, "a@example.com", "b@example.com", "Subject: x\r\n\r\ny\r\n", CancellationToken.None);
        Assert.Equal("ada", Assert.Single(receiver.Mails).User);
        var refused = await Assert.ThrowsAsync<SmtpRefusal>(() => SmtpSession.SubmitAsync(
            server with { Password = "wrong" }, "a@example.com", "b@example.com", "Subject: x\r\n\r\ny\r\n", CancellationToken.None));
        Assert.Equal(("the mail server refused the user or password (535)", false), (refused.Message, refused.IsFinal));
    }

    [SkippableFact]
    public async Task Lines_that_begin_with_a_full_stop_arrive_as_they_were()
    {
        await using var receiver = await SmtpReceiver.StartAsync();
        var server = new SmtpServer("localhost", receiver.Port, UsesStartTls: false);
        await SmtpSession.SubmitAsync(server, "a@example.com", "b@example.com", "Subject: x\r\n\r\n.\r\n..y\r\n.z\r\n", CancellationToken.None);
        Assert.Equal(".\n..y\n.z\n", Assert.Single(receiver.Mails).Text("text/plain").ReplaceLineEndings("\n"));
    }
}
