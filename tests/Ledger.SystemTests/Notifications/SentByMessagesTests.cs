using Ledger.Contracts.Registry;
using Ledger.Engine;
using Ledger.Notifications;
using Ledger.Notifications.Webhooks;
using Ledger.SystemTests.Browser;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Forgetting;
using Ledger.SystemTests.Keys;
using Ledger.Windows;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Notifications;

/// <summary>What the engine's messages make of mails and webhook messages that fail, hang or get lost.</summary>
public sealed class SentByMessagesTests
{
    private static readonly byte[] s_secret = WebhookSignature.NewSecret();

    [SkippableFact]
    public async Task A_receiver_that_hangs_holds_up_no_other()
    {
        await using var hanging = await WebhookReceiver.StartAsync();
        await using var other = await WebhookReceiver.StartAsync();
        await using var service = await StartAsync(Outbox.Manual());
        var released = new TaskCompletionSource();
        const int jobs = 5;
        for (var i = 0; i < jobs; i++)
            hanging.Answers.Enqueue(_ => released.Task);
        await service.SetBotAsync(ownerMail: "", webhook: hanging.Url, secret: s_secret);
        for (var i = 0; i < jobs; i++)
            await service.SubmitAsync(new { cId = $"nobody-{i}" });
        await Steps.UntilAsync("the receiver does not hang", () => Task.FromResult(hanging.Messages.Count == 2));
        var bot = await service.AddBotAsync();
        await service.SetBotAsync(ownerMail: "", webhook: other.Url, secret: s_secret, bot: bot);
        await service.SubmitAsync(new { cId = "nobody" }, bot);
        await Steps.UntilAsync("the other is not told", () => Task.FromResult(other.Messages.Count == 1));
        Assert.Equal(2, hanging.Messages.Count);

        released.SetResult();
        await Steps.UntilAsync("not every job has ended", () => service.ScalarAsync<bool>(
            "select count(*) = $1 from ledger.deliveries", jobs + 1L));
        await service.UntilAllIsSentAsync();
        Assert.Equal(jobs, hanging.Messages.Select(message => message.Id).Distinct().Count());
        // Who was put off has made no attempt.
        Assert.Equal(jobs, hanging.Messages.Count);
        Assert.Equal(jobs + 1, await service.ScalarAsync<long>("select sum(attempts) from ledger.deliveries"));
    }

    [SkippableFact]
    public async Task What_was_given_up_is_a_dead_letter_and_is_shown_and_sent_again_and_who_asked_is_recorded()
    {
        await using var receiver = await SmtpReceiver.StartAsync();
        await using var service = await StartAsync(Outbox.Manual(receiver));
        await service.SetBotAsync("refused@example.com");
        await service.SubmitAsync(new { cId = "nobody" });
        await UntilDeadLettersAsync(service, 1);
        Assert.Equal("send_mail", await service.ScalarAsync<string>("select message_type from wolverine.wolverine_dead_letters"));
        Assert.Equal("refused@example.com undeliverable 1 the mail server refused the recipient (550 5.1.1)", await service.StatesAsync());
        Assert.Contains("\tgiven up\t1\t", await LedgerAsync(service, "messages", "--undelivered"), StringComparison.Ordinal);

        await service.SetBotAsync("corrected@example.com");
        Assert.Equal("Handled again at once: 1.", (await LedgerAsync(service, "messages", "--retry", "all", "--actor", "ada")).Trim());
        await service.UntilAllIsSentAsync();
        Assert.Equal("corrected@example.com sent 1", await service.StatesAsync());
        Assert.Matches("\tada, 20", await LedgerAsync(service, "messages"));
        await UntilDeadLettersAsync(service, 0);

        // From the console.
        await service.SetBotAsync("refused@example.com");
        await service.SubmitAsync(new { cId = "nobody" });
        await UntilDeadLettersAsync(service, 1);
        await service.SetBotAsync("corrected@example.com");
        using var person = new Person(service);
        using var entered = await person.SignInAsync(service.Token(Scope.LedgerAudit));
        var givenUp = await service.ScalarAsync<Guid>("select delivery_id from ledger.deliveries where given_up_at is not null");
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("id", $"{givenUp}")]);
        using var retried = await person.PostBodyAsync("/messages/retry", form);
        Assert.Equal("/messages?retried=yes", retried.Headers.Location?.ToString());
        await service.UntilAllIsSentAsync();
        var by = await service.ScalarAsync<string>("select replayed_by from ledger.deliveries where delivery_id = $1", givenUp);
        Assert.StartsWith("cs-", by, StringComparison.Ordinal);

        // What the service gave up besides.
        var id = await service.ScalarAsync<Guid>("select gen_random_uuid()");
        var wake = StoredMessage.Of(id, new WakeWindow("test", null));
        await service.ExecuteAsync(
            """
            insert into wolverine.wolverine_dead_letters
                (id, body, message_type, received_at, exception_type, sent_at, failed_at, replayable)
            values ($1, $2, $3, $4, 'PostgresException 57014', now(), now(), false)
            """, id, wake.Body, wake.Type, wake.Queue);
        Assert.Matches(
            $"{id}\twake_window\t-\t-\t-\tdead letter\t-\t\\S+\tPostgresException 57014",
            await LedgerAsync(service, "messages", "--undelivered"));
        using (var page = await person.GetAsync("/messages"))
            Assert.Contains("PostgresException 57014", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await LedgerAsync(service, "messages", "--retry", id.ToString());
        await UntilDeadLettersAsync(service, 0);
        Assert.Equal(id, await service.ScalarAsync<Guid>("select id from wolverine.wolverine_dead_letter_history where id = $1", id));
        Assert.Equal("wake_window", await service.ScalarAsync<string>(
            "select kind from ledger.replayed_messages where envelope_id = $1 and replayed_by <> ''", id));
        Assert.DoesNotContain("wake_window", await LedgerAsync(service, "messages"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_waits_is_sent_at_once_on_demand_also_when_its_message_was_lost()
    {
        await using var receiver = new SmtpReceiver();
        await using var service = await StartAsync(Outbox.Manual(receiver) with { RetryDelays = [TimeSpan.FromHours(1)] });
        await service.SubmitAsync(new { cId = "one" });
        await service.UntilAsync("cannot be reached");
        await UntilScheduledAsync(service, 1);
        await service.ExecuteAsync("delete from wolverine.wolverine_incoming_envelopes where status = 'Scheduled'");
        await service.SubmitAsync(new { cId = "another" });
        await UntilScheduledAsync(service, 1);
        Assert.Equal(2, await service.ScalarAsync<long>("select count(*) from ledger.deliveries where attempts = 1"));
        await receiver.ListenAsync();
        var ids = await service.ScalarAsync<Guid[]>("select array(select delivery_id from ledger.deliveries)");
        await LedgerAsync(service, ["messages", .. ids.SelectMany(id => new[] { "--retry", $"{id}" })]);
        await service.UntilAllIsSentAsync();
        Assert.Equal("owner@example.com sent 1; owner@example.com sent 1", await service.StatesAsync());
        Assert.Equal(2, receiver.Mails.Select(mail => mail.MessageId).Distinct().Count());
    }

    [SkippableFact]
    public async Task What_a_forgotten_job_had_to_tell_is_not_sent_and_its_messages_end_without_a_word()
    {
        await using var receiver = new SmtpReceiver();
        var log = new CapturedLog();
        await using var service = await StartAsync(Outbox.Manual(receiver) with { RetryDelays = [TimeSpan.FromHours(1)] }, log);
        var job = await service.SubmitAsync(new { cId = "one" });
        await service.UntilAsync("cannot be reached");
        await UntilScheduledAsync(service, 1);
        await service.ForgetAsync(job);
        Assert.Equal("none", await service.StatesAsync());
        var said = log.Text;
        await receiver.ListenAsync();
        await service.ExecuteAsync("update wolverine.wolverine_incoming_envelopes set execution_time = now() where status = 'Scheduled'");
        await UntilScheduledAsync(service, 0);
        await Steps.UntilAsync("a message does not end", () => service.ScalarAsync<bool>(
            """
            select not exists (
                select from wolverine.wolverine_incoming_envelopes where status <> 'Handled' and message_type = 'send_mail')
            """));
        Assert.Empty(receiver.Mails);
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from wolverine.wolverine_dead_letters"));
        Assert.DoesNotContain("mail", log.Text[said.Length..], StringComparison.OrdinalIgnoreCase);
    }

    [SkippableFact]
    public async Task What_a_mail_server_says_of_an_address_and_an_id_is_in_no_table_of_the_engine_and_in_no_log()
    {
        await using var receiver = await SmtpReceiver.StartAsync();
        var log = new CapturedLog();
        await using var service = await StartAsync(Outbox.Manual(receiver) with { RetryDelays = [TimeSpan.FromHours(1)] }, log);
        var (final, later) = (ErasedLives.Name("conv"), ErasedLives.Name("conv"));
        await service.AddConversationsAsync(final, 2, final);
        var bot = await service.AddBotAsync();
        // The receiver's refusals quote the address.
        await service.SetBotAsync($"rcpt-550-5.1.1@{final}.example");
        await service.SetBotAsync($"rcpt-554-5.7.1@{later}.example", bot: bot);
        await service.SubmitAsync(new { cId = final });
        await service.SubmitAsync(new { conversationIds = new[] { later } }, bot);
        await UntilDeadLettersAsync(service, 1);
        await UntilScheduledAsync(service, 1);

        await using var connection = await service.OpenAsync();
        var kept = (await Residue.OfDatabaseAsync(connection))
            .Where(one => one.Place.Contains("wolverine", StringComparison.Ordinal)).ToList();
        Assert.Contains(kept, one => one.Text.Contains(nameof(DeliveryFailedException), StringComparison.Ordinal));
        kept.Add(new("the log", log.Text));
        Assert.Contains("554 5.7.1", log.Text, StringComparison.Ordinal);
        Assert.Empty(RawIdentifier.Find([final, later, "rcpt-550-5.1.1@", "rcpt-554-5.7.1@"], kept));
    }

    [SkippableFact]
    public async Task A_database_that_refuses_the_record_is_asked_again_and_its_words_are_kept_nowhere()
    {
        var log = new CapturedLog();
        await using var service = await StartAsync(Outbox.Manual(), log);
        var id = ErasedLives.Name("conv");
        await service.ExecuteAsync(
            $"create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'no {id}'; end $$");
        await service.ExecuteAsync(
            "create trigger refuse before update on ledger.deliveries for each row execute function public.refuse()");
        await service.SetBotAsync(ownerMail: "", webhook: "http://127.0.0.1:1/hook", secret: s_secret);
        await service.SubmitAsync(new { cId = "nobody" });
        await UntilScheduledAsync(service, 1);
        Assert.Contains("A webhook could not be worked on: PostgresException P0001. Again in a minute", log.Text, StringComparison.Ordinal);
        await using var connection = await service.OpenAsync();
        var kept = (await Residue.OfDatabaseAsync(connection))
            .Where(one => one.Place.Contains("wolverine", StringComparison.Ordinal) || one.Place == "ledger.deliveries");
        Assert.Empty(RawIdentifier.Find([id], [.. kept, new("the log", log.Text)]));
        Assert.EndsWith(" waiting 0", await service.StatesAsync(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_node_that_is_stopped_records_what_it_was_sending_and_another_goes_on()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var service = await TestService.StartAsync();
        await service.SetBotAsync(ownerMail: "", webhook: receiver.Url, secret: s_secret);
        receiver.Answers.Enqueue(response =>
            Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, response.HttpContext.RequestAborted)
        );
        using (var node = Serve(service))
        {
            await service.SubmitAsync(new { cId = "nobody" });
            await Steps.UntilAsync("nothing is posted", () => Task.FromResult(receiver.Messages.Count == 1));
            node.Terminate();
            Assert.Equal(0, await node.ExitCodeAsync());
        }
        Assert.Equal(
            $"{receiver.Url} waiting 1 the service was stopped before the other side had answered", await service.StatesAsync());
        await UntilScheduledAsync(service, 1);
        using (Serve(service))
            await service.UntilAllIsSentAsync();
        Assert.Equal($"{receiver.Url} sent 2", await service.StatesAsync());
        Assert.Single(receiver.Messages.Select(message => message.Id).Distinct());
    }

    [SkippableFact]
    public async Task A_message_that_the_engine_hands_to_two_handlers_is_sent_by_the_one_that_it_belongs_to()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Notifications = Outbox.Manual() });
        await service.EndAJobAsync();
        var id = await service.ScalarAsync<Guid>("select delivery_id from ledger.deliveries");
        var deliveries = service.Services.GetRequiredService<Deliveries>();
        var message = await service.ScalarAsync<Guid>(
            """
            insert into wolverine.wolverine_incoming_envelopes (id, status, owner_id, body, message_type, "timestamp")
            values (gen_random_uuid(), 'Scheduled', 7, '', 'send_mail', now() - interval '1 day')
            returning id
            """);
        Assert.Null(await BeginAsync(7));
        await service.ExecuteAsync("update wolverine.wolverine_incoming_envelopes set status = 'Incoming'");
        Assert.Null(await BeginAsync(8));
        Assert.Equal(1, (await BeginAsync(7))?.Attempt);
        // It is not stale any more.
        Assert.True(await service.ScalarAsync<bool>(
            """select "timestamp" > now() - interval '1 minute' from wolverine.wolverine_incoming_envelopes"""));
        // A newer message has taken its place.
        await service.ExecuteAsync("update ledger.deliveries set envelope_id = gen_random_uuid()");
        Assert.Null(await BeginAsync(7));

        async Task<Notification?> BeginAsync(int node)
        {
            var found = await deliveries.FindAsync(id, CancellationToken.None);
            return await deliveries.BeginAsync(
                found!.Notification, ("<", "@ledger.example>"), new HandledMessage(message, node, 0), CancellationToken.None);
        }
    }

    private static Task<TestService> StartAsync(NotificationOptions options, CapturedLog? log = null) =>
        TestService.StartAsync(new TestServiceOptions { Engine = true, Notifications = options, Log = log });

    private static LedgerProcess Serve(TestService service) => LedgerProcess.Start(
        "serve", "--connection", service.Database.ConnectionStringFor("ledger_service"), "--keys", service.KeyDirectory,
        "--urls", "http://127.0.0.1:0");

    private static Task UntilDeadLettersAsync(TestService service, long count) => Steps.UntilAsync(
        $"there are not {count} dead letters",
        () => service.ScalarAsync<bool>("select count(*) = $1 from wolverine.wolverine_dead_letters", count));

    private static Task UntilScheduledAsync(TestService service, long count) => Steps.UntilAsync(
        $"there are not {count} messages that wait",
        () => service.ScalarAsync<bool>(
            """
            select count(*) = $1 from wolverine.wolverine_incoming_envelopes where status = 'Scheduled' and message_type like 'send_%'
            """, count));

    private static async Task<string> LedgerAsync(TestService service, params string[] args)
    {
        var result = await CliDatabase.RunAsync([.. args, "--connection", service.Database.ConnectionStringFor("ledger_service")]);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }
}
