using Ledger.Notifications;
using Ledger.Notifications.Webhooks;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Notifications;

/// <summary>What the command line and the console show of the deliveries.</summary>
public sealed class DeliveryReaderTests
{
    private static readonly byte[] s_secret = WebhookSignature.NewSecret();

    [SkippableFact]
    public async Task Pages_hold_each_notification_of_the_bots_asked_for_once_newest_first_and_none_of_others()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true, Notifications = Outbox.Manual() });
        var other = await service.AddBotAsync();
        await service.SetBotAsync(webhook: "https://127.0.0.1:1/hook", secret: s_secret);
        for (var i = 0; i < 3; i++)
        {
            foreach (var bot in new[] { service.Bot, other })
                await service.EndAJobAsync(bot);
            await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(1));
        }
        var reader = service.Services.GetRequiredService<DeliveryReader>();

        Assert.Equal(9, (await ReadAsync(reader, null, false, 2)).Count);
        var own = await ReadAsync(reader, [service.Bot], false, 1);
        Assert.Equal(6, own.Count);
        Assert.All(own, entry => Assert.Equal((service.Bot, DeliveryState.Waiting), (entry.Bot, entry.State)));
        Assert.Equal(3, own.Count(entry => entry.Kind == NotificationKind.Webhook && entry.Recipient == "https://127.0.0.1:1/hook"));
        Assert.Equal(9, (await ReadAsync(reader, [service.Bot, other, "no-such-bot"], true, 4)).Count);
        Assert.Empty(await ReadAsync(reader, [], false, 4));
        Assert.Empty(
            (await reader.ListAsync(null, false, 10, new Guid("7d3f8a52-52c8-5d0b-a8f6-1f4a4c0f9b6e"), CancellationToken.None)).Entries);
    }

    [SkippableFact]
    public async Task A_notification_is_shown_waiting_retrying_given_up_and_sent_and_only_the_bots_asked_for_are_tried_again()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true, Notifications = Outbox.Manual() });
        await service.SetBotAsync(ownerMail: "", webhook: receiver.Url, secret: s_secret);
        var job = await service.EndAJobAsync();
        var reader = service.Services.GetRequiredService<DeliveryReader>();
        var replay = service.Services.GetRequiredService<DeliveryReplay>();
        var waiting = await OneAsync(reader);
        Assert.Equal(
            (DeliveryState.Waiting, 0, (string?)null, job), (waiting.State, waiting.Attempts, waiting.MessageId, waiting.Job.ToString()));

        receiver.Answer(500, headers => headers.RetryAfter = "3600");
        receiver.Answer(410);
        await service.SendAsync<WebhookSender>();
        var retrying = await OneAsync(reader);
        Assert.Equal((DeliveryState.Retrying, 1, "the receiver answered 500"), (retrying.State, retrying.Attempts, retrying.LastError));
        // As it asked.
        Assert.InRange(retrying.NextAttemptAt!.Value - retrying.QueuedAt, TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(61));
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(61));
        await service.SendAsync<WebhookSender>();
        var givenUp = await OneAsync(reader);
        Assert.Equal((DeliveryState.GivenUp, retrying.MessageId, null), (givenUp.State, givenUp.MessageId, givenUp.NextAttemptAt));

        Assert.Equal(0, await replay.ReplayAsync([givenUp.Id], ["another-bot"], "somebody", CancellationToken.None));
        Assert.Equal(0, await replay.ReplayAsync(null, ["another-bot"], "somebody", CancellationToken.None));
        await service.SetBotAsync(webhook: receiver.Url, secret: s_secret); // 410 disabled it
        Assert.Equal(1, await replay.ReplayAsync([givenUp.Id], [service.Bot], "somebody", CancellationToken.None));
        await service.SendAsync<WebhookSender>();
        var sent = await OneAsync(reader);
        Assert.Equal((DeliveryState.Sent, 1, null, "somebody"), (sent.State, sent.Attempts, sent.LastError, sent.ReplayedBy));
        Assert.InRange(sent.ReplayedAt!.Value, givenUp.GivenUpAt!.Value, sent.SentAt!.Value);
        Assert.Empty(await ReadAsync(reader, null, true, 10));
        Assert.Equal(0, await replay.ReplayAsync([givenUp.Id], [service.Bot], "somebody", CancellationToken.None));
    }

    private static async Task<DeliveryEntry> OneAsync(DeliveryReader reader) => Assert.Single(await ReadAsync(reader, null, false, 10));

    /// <summary>All pages, each of which is full but the last.</summary>
    private static async Task<List<DeliveryEntry>> ReadAsync(DeliveryReader reader, string[]? bots, bool undelivered, int limit)
    {
        var read = new List<DeliveryEntry>();
        Guid? after = null;
        do
        {
            var page = await reader.ListAsync(bots, undelivered, limit, after, CancellationToken.None);
            Assert.True(page.Next is null || page.Entries.Count == limit);
            read.AddRange(page.Entries);
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(read.OrderByDescending(entry => entry.QueuedAt).Select(entry => entry.QueuedAt), read.Select(entry => entry.QueuedAt));
        Assert.Equal(read.Count, read.Select(entry => entry.Id).Distinct().Count());
        return read;
    }
}
