using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Notifications.Webhooks;
using Ledger.Registry;
using Ledger.SystemTests.Cli;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Notifications;

/// <summary>A bot's webhook is posted each end of a job, signed, until its receiver has taken it.</summary>
public sealed class WebhookTests
{
    private static readonly byte[] s_secret = WebhookSignature.NewSecret();

    [SkippableFact]
    public async Task A_message_is_signed_so_that_its_receiver_can_check_it_and_holds_no_identifier()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var service = await ServiceAsync(receiver);
        await service.AddConversationsAsync("told", 3, "user-told");
        var job = await service.SubmitAsync(new { cId = "user-told" });
        await service.RunSlicesAsync();
        Assert.Equal(1, await service.SendAsync<WebhookSender>());

        var message = Assert.Single(receiver.Messages);
        AssertSigned(message);
        Assert.Equal("application/json", message.ContentType);
        Assert.InRange(message.Timestamp - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), -60, 1);
        var body = JsonDocument.Parse(message.Body).RootElement;
        var status = await service.StatusAsync(job);
        Assert.Equal("deletion_job.completed", body.GetProperty("type").GetString());
        Assert.Equal(status.GetProperty("completedAt").GetString(), body.GetProperty("timestamp").GetString());
        var data = body.GetProperty("data");
        Assert.Equal(service.Bot, data.GetProperty("botId").GetString());
        Assert.Equal(
            $"https://ledger.example/api/public/bot/{service.Bot}/conversations/delete/{job}/certificate",
            data.GetProperty("certificate").GetString()
        );
        // The rest is the status document.
        foreach (var member in status.EnumerateObject())
            Assert.True(JsonElement.DeepEquals(member.Value, data.GetProperty(member.Name)), member.Name);
        Assert.Equal(status.EnumerateObject().Count() + 2, data.EnumerateObject().Count());
        Assert.Equal(3, data.GetProperty("result").GetProperty("deletedItems").GetProperty("messages").GetInt64());
        Assert.DoesNotContain("told", Encoding.UTF8.GetString(message.Body).Replace("told-", "told"), StringComparison.Ordinal);
        Assert.Equal($"{receiver.Url} sent 1", await service.StatesAsync("webhook"));
        Assert.Equal("owner@example.com waiting 0", await service.StatesAsync("mail"));
    }

    [SkippableFact]
    public async Task A_message_that_is_not_taken_is_sent_again_with_the_same_id_and_body_and_a_new_timestamp()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var service = await ServiceAsync(receiver);
        receiver.Answer(500);
        receiver.Answer(503, headers => headers.RetryAfter = "3600");
        await service.EndAJobAsync();
        Assert.Equal(1, await service.SendAsync<WebhookSender>());
        Assert.Equal($"{receiver.Url} waiting 1 the receiver answered 500", await service.StatesAsync("webhook"));
        await service.Clock.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, await service.SendAsync<WebhookSender>());
        Assert.Equal($"{receiver.Url} waiting 2 the receiver answered 503", await service.StatesAsync("webhook"));
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(30)); // the schedule's, but the receiver asked for an hour
        Assert.Equal(0, await service.SendAsync<WebhookSender>());
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(31));
        Assert.Equal(1, await service.SendAsync<WebhookSender>());

        Assert.Equal(3, receiver.Messages.Count);
        Assert.All(receiver.Messages, AssertSigned);
        Assert.Single(receiver.Messages.Select(message => message.Id).Distinct());
        Assert.Single(receiver.Messages.Select(message => Convert.ToHexString(message.Body)).Distinct());
        Assert.Equal(3, receiver.Messages.Select(message => message.Timestamp).Distinct().Count());
        Assert.Equal($"{receiver.Url} sent 3", await service.StatesAsync("webhook"));
    }

    [SkippableFact]
    public async Task A_redirect_is_not_followed_a_receiver_that_is_gone_is_left_alone_and_one_that_never_answers_meets_the_deadline()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var service = await ServiceAsync(receiver, TimeSpan.FromSeconds(1));
        receiver.Answer(307, headers => headers.Location = "/elsewhere");
        await service.EndAJobAsync();
        await service.SendAsync<WebhookSender>();
        Assert.StartsWith(
            $"{receiver.Url} waiting 1 the receiver answered 307, a redirect", await service.StatesAsync("webhook"),
            StringComparison.Ordinal);
        Assert.Single(receiver.Messages);
        receiver.Answers.Enqueue(response =>
            Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, response.HttpContext.RequestAborted)
        );
        await service.Clock.AdvanceAsync(TimeSpan.FromSeconds(10));
        await service.SendAsync<WebhookSender>();
        Assert.Equal($"{receiver.Url} waiting 2 no answer within 1 s", await service.StatesAsync("webhook"));
        receiver.Answer(410);
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(10));
        await service.SendAsync<WebhookSender>();
        const string Gone = "the receiver wants no more messages (410): the webhook is disabled until `ledger bot set` sets it anew";
        Assert.Equal($"{receiver.Url} undeliverable 3 {Gone}", await service.StatesAsync("webhook"));
    }

    [SkippableFact]
    public async Task After_410_nothing_is_posted_until_the_webhook_is_set_anew_and_it_is_recorded_once_and_shown()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var service = await ServiceAsync(receiver);
        // Two jobs end before anything is posted: the receiver refuses the first, and never sees the second.
        await service.EndAJobAsync();
        receiver.Answer(410);
        await service.SendAsync<WebhookSender>();
        await service.ExecuteAsync(
            "update ledger.deliveries set given_up_at = null, next_attempt_at = now(), attempts = 0 where kind = 'webhook'");
        await service.EndAJobAsync();
        await service.SendAsync<WebhookSender>();
        Assert.Single(receiver.Messages);
        Assert.Equal($"{receiver.Url} undeliverable 1 the bot has no webhook any more, or it is disabled",
            await service.StatesAsync("webhook"));
        Assert.Equal(1, await service.ScalarAsync<long>(
            "select count(*) from ledger.mt_events where type = 'webhook_disabled' and data ->> 'actor' = 'ledger'"));
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.webhook_secrets"));
        var listed = await CliDatabase.RunAsync(["bot", "list", "--connection", service.Database.ConnectionStringFor("ledger_service")]);
        Assert.Contains($"\t{receiver.Url} (disabled)\t", listed.Output, StringComparison.Ordinal);

        await service.SetBotAsync(webhook: receiver.Url, secret: s_secret);
        await service.EndAJobAsync();
        await service.SendAsync<WebhookSender>();
        Assert.Equal(2, receiver.Messages.Count);
        Assert.DoesNotContain("(disabled)", (await CliDatabase.RunAsync(
            ["bot", "list", "--connection", service.Database.ConnectionStringFor("ledger_service")])).Output, StringComparison.Ordinal);

        // Several nodes are told at once, and one of them by the receiver of a webhook that was replaced since.
        var registry = service.Services.GetRequiredService<RegistryStore>();
        var disable = new DisableWebhook(service.Bot, receiver.Url, "ledger", null);
        await registry.DisableWebhookAsync(disable, [1, 2, 3], CancellationToken.None);
        Assert.Equal(1, await service.ScalarAsync<long>("select count(*) from ledger.mt_events where type = 'webhook_disabled'"));
        var stored = await service.ScalarAsync<byte[]>("select sealed from ledger.webhook_secrets");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => registry.DisableWebhookAsync(disable, stored, CancellationToken.None)));
        Assert.Equal(2, await service.ScalarAsync<long>("select count(*) from ledger.mt_events where type = 'webhook_disabled'"));
    }

    [SkippableFact]
    public async Task An_endless_answer_is_not_read()
    {
        const long most = 64L * 1024 * 1024;
        using var receiver = new EndlessReceiver(most);
        await using var service = await ServiceAsync(receiver.Url);
        await service.EndAJobAsync();
        await service.SendAsync<WebhookSender>();
        Assert.Equal($"{receiver.Url} sent 1", await service.StatesAsync("webhook"));
        Assert.InRange(await receiver.Sent.WaitAsync(Patience.Limit), 1, most);
    }

    [SkippableFact]
    public async Task The_command_line_sets_a_webhook_shows_its_secret_once_and_takes_it_away()
    {
        await using var cli = await CliDatabase.CreateAsync();
        var added = await cli.DoAsync("bot", "add", "st-1", "--webhook", "https://example.com/hook", "--created", "2024-03-01");
        var secret = added
            .Split('\n')
            .Single(line => line.StartsWith("webhook secret: whsec_", StringComparison.Ordinal))["webhook secret: whsec_".Length..]
            .Trim();
        Assert.Equal(32, Convert.FromBase64String(secret).Length);
        Assert.DoesNotContain(
            "whsec_",
            await cli.DoAsync("bot", "add", "st-1", "--webhook", "https://example.com/hook", "--created", "2024-03-01"),
            StringComparison.Ordinal
        );
        var stored = await cli.ScalarAsync<byte[]>("select sealed from ledger.webhook_secrets");
        Assert.DoesNotContain(
            "whsec_",
            await cli.DoAsync("bot", "set", "st-1", "--webhook", "https://example.com/hook", "--retention-days", "7"),
            StringComparison.Ordinal
        );
        Assert.Equal(stored, await cli.ScalarAsync<byte[]>("select sealed from ledger.webhook_secrets"));
        Assert.Matches("st-1\t.*\thttps://example.com/hook\t", await cli.DoAsync("bot", "list"));

        Assert.Contains(
            "whsec_",
            await cli.DoAsync("bot", "set", "st-1", "--webhook", "http://127.0.0.1:1/hook"),
            StringComparison.Ordinal
        );
        Assert.NotEqual(stored, await cli.ScalarAsync<byte[]>("select sealed from ledger.webhook_secrets"));
        Assert.Contains(
            "must begin with https://",
            await cli.RefusedAsync(1, "bot", "set", "st-1", "--webhook", "http://example.com/hook"),
            StringComparison.Ordinal
        );
        await cli.DoAsync("bot", "set", "st-1", "--webhook", "none");
        Assert.Equal(0, await cli.ScalarAsync<long>("select count(*) from ledger.webhook_secrets"));
        Assert.Equal(3, await cli.ScalarAsync<long>("select count(*) from ledger.mt_events where type = 'bot_changed'"));
        Assert.Equal(0, await cli.ScalarAsync<long>($"select count(*) from ledger.mt_events where data::text like '%{secret}%'"));
    }

    private static Task<TestService> ServiceAsync(WebhookReceiver receiver, TimeSpan? deadline = null) =>
        ServiceAsync(receiver.Url, deadline);

    private static async Task<TestService> ServiceAsync(string webhook, TimeSpan? deadline = null)
    {
        var options = Outbox.Manual();
        var service = await TestService.StartAsync(
            new TestServiceOptions
            {
                OwnClock = true,
                Http = Outbox.Http,
                Notifications = options with { WebhookDeadline = deadline ?? options.WebhookDeadline },
            }
        );
        await service.SetBotAsync(webhook: webhook, secret: s_secret);
        return service;
    }

    /// <summary>As a receiver checks it (Standard Webhooks, "Verifying signatures").</summary>
    private static void AssertSigned(ReceivedMessage message)
    {
        Assert.Matches("^msg_[0-9a-f-]{36}$", message.Id);
        var content = Encoding.UTF8.GetBytes($"{message.Id}.{message.Timestamp}.{Encoding.UTF8.GetString(message.Body)}");
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(s_secret, content)), message.Signature);
    }
}
