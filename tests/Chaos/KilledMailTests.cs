using Ledger.SystemTests.Notifications;

namespace Ledger.Chaos;

/// <summary>
/// A mail server that is away at first, and the service killed at the worst moments: the owner is told, and can tell a repetition by its
/// Message-ID.
/// </summary>
public sealed class KilledMailTests
{
    [SkippableTheory]
    [InlineData("notification.before-send", 1)]
    [InlineData("notification.after-send", 2)]
    public async Task A_mail_outlives_a_server_that_is_away_and_a_service_that_is_killed_and_keeps_its_Message_ID(string point, int mails)
    {
        await using var receiver = new SmtpReceiver();
        await using var scene = await Scene.SetAsync();
        scene.Environment["LEDGER_SMTP"] = $"smtp://127.0.0.1:{receiver.Port}";
        scene.Environment["LEDGER_MAIL_FROM"] = "ledger@ledger.example";
        await scene.StartNodeAsync();
        await scene.SubmitUntilAcceptedAsync();
        await Scene.UntilAsync("an attempt has failed", () => scene.Service.ScalarAsync<bool>(
            "select coalesce(bool_and(last_error = 'the mail server cannot be reached'), false) from ledger.deliveries"));
        var messageId = await scene.Service.ScalarAsync<string>("select message_id from ledger.deliveries");

        await scene.Node.KillAsync();
        await receiver.ListenAsync();
        // Its second attempt is due some seconds after the first.
        await scene.KillNodeAsync(point);
        await scene.Node.FaultPointAsync(point);
        Assert.Equal(mails - 1, receiver.Mails.Count);
        await scene.KillNodeAsync();
        // The engine hands a dead node's message to another.
        Assert.Equal(0, await scene.Service.ScalarAsync<long>("select count(*) from ledger.deliveries where sent_at is not null"));
        await Scene.UntilAsync("the mail is sent", () => scene.Service.ScalarAsync<bool>(
            "select bool_and(sent_at is not null) from ledger.deliveries"));

        Assert.Equal(mails, receiver.Mails.Count);
        Assert.All(receiver.Mails, mail => Assert.Equal(messageId, mail.MessageId));
    }
}
