using System.Text;
using Ledger.Notifications.Webhooks;
using Ledger.Registry;

namespace Ledger.Tests.Notifications;

public sealed class WebhookTests
{
    /// <summary>The value that the reference libraries of Standard Webhooks are tested against, in every language.</summary>
    [Fact]
    public void The_signature_is_that_of_Standard_Webhooks()
    {
        var secret = Convert.FromBase64String("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"[WebhookSignature.SecretPrefix.Length..]);
        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            WebhookSignature.Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes("""{"test": 2432232314}""")));
        Assert.Equal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", WebhookSignature.Text(secret));
    }

    [Fact]
    public void A_secret_has_the_length_that_the_specification_asks_for_and_is_another_each_time()
    {
        Assert.InRange(WebhookSignature.NewSecret().Length, 24, 64);
        Assert.NotEqual(WebhookSignature.NewSecret(), WebhookSignature.NewSecret());
    }

    [Fact]
    public void The_message_is_the_status_document_with_the_bot_and_the_certificate() =>
        Assert.Equal(
            """
            {"type":"deletion_job.completed","timestamp":"2026-05-08T19:22:56.097Z","data":{"botId":"st-1",
            "jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","status":"completed","phase":"done","requestType":"cId",
            "submittedAt":"2026-05-08T06:22:56.097Z","scheduledAt":"2026-05-08T17:22:56.097Z","startedAt":"2026-05-08T18:22:56.097Z","completedAt":"2026-05-08T19:22:56.097Z",
            "result":{"totalConversations":1300,"processedCount":1300,"deletedCount":1234,"failedCount":0,"skippedCount":66,"retriesRemaining":3,
            "deletedItems":{"messages":10000,"transcripts":2,"recordings":3,"attachments":4,"logs":5},"skipped":{"not_found":60,"retention":6}},
            "certificate":"https://ledger.example/api/public/bot/st-1/conversations/delete/cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c/certificate"}}
            """.ReplaceLineEndings(""),
            Encoding.UTF8.GetString(WebhookSender.Body(Given.Notification(), new Uri("https://ledger.example")))
        );

    [Theory]
    [InlineData("https://example.com/hook?to=7")]
    [InlineData("https://10.0.0.7:8443/hook")]
    [InlineData("http://127.0.0.1:9/hook")]
    [InlineData("http://[::1]:9/hook")]
    [InlineData("http://localhost/hook")]
    public void An_address_is_https_or_on_this_machine(string url) => Assert.Null(WebhookUrl.Problem(url));

    [Theory]
    [InlineData("http://example.com/hook", "must begin with https://")]
    [InlineData("http://localhost.example.com/hook", "must begin with https://")]
    [InlineData("https://ada:secret@example.com/hook", "must not hold a user name or password")]
    [InlineData("ftp://example.com/hook", "must be like")]
    [InlineData("/hook", "must be like")]
    [InlineData("example.com/hook", "must be like")]
    [InlineData("https://example.com/hook#part", "must be like")]
    public void Another_address_is_refused_with_what_is_wrong(string url, string problem) =>
        Assert.Contains(problem, WebhookUrl.Problem(url), StringComparison.Ordinal);
}
