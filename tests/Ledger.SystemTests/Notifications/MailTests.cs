using System.Xml.Linq;
using Ledger.Notifications;
using Ledger.Notifications.Mail;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Execution;
using MailKit.Security;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Notifications;

/// <summary>The owner of a bot is told of each of its jobs' ends by mail, through a real mail server.</summary>
public sealed class MailTests(SharedReceiver shared) : IClassFixture<SharedReceiver>
{
    [SkippableFact]
    public async Task Two_nodes_send_exactly_one_mail_for_each_finished_job_and_none_for_a_bot_without_an_owner()
    {
        var receiver = await shared.EmptyAsync();
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Engine = true,
            Cluster = true,
            Notifications = Outbox.Manual(receiver),
        });
        using var second = await service.AddNodeAsync();
        var ownerless = await service.AddBotAsync();
        await service.SetBotAsync(ownerMail: "", bot: ownerless);
        var jobs = new List<string>();
        for (var i = 0; i < 12; i++)
            jobs.Add(await service.SubmitAsync(new { cId = $"nobody-{i}" }));
        await service.SubmitAsync(new { cId = "nobody" }, ownerless);
        await Steps.UntilAsync("jobs are left", async () =>
            await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where status = 'queued'") == 0);
        await service.UntilAllIsSentAsync();

        var mails = receiver.Mails;
        Assert.Equal(jobs.Order(), mails.Select(JobOf).Order());
        Assert.Equal(jobs.Count, mails.Select(mail => mail.MessageId).Distinct().Count());
        Assert.Equal(jobs.Count, await service.ScalarAsync<long>("select count(*) from ledger.deliveries"));
        Assert.Equal(jobs.Count, await service.ScalarAsync<long>("select sum(attempts) from ledger.deliveries"));
    }

    [SkippableFact]
    public async Task A_mail_tells_all_instants_and_counts_in_text_and_in_HTML_and_no_identifier()
    {
        var receiver = await shared.EmptyAsync();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Http = Outbox.Http, Notifications = Outbox.Manual(receiver) });
        await service.AddConversationsAsync("told", 7, "user-told", perKind: 2);
        var job = await service.SubmitAsync(new { conversationIds = new[] { "told-00001", "told-00002", "told-99999" } });
        await service.RunSlicesAsync();
        Assert.Equal(1, await service.SendAsync<MailSender>());

        var mail = Assert.Single(receiver.Mails);
        Assert.Empty(mail.Defects);
        Assert.Equal(("ledger@ledger.example", "owner@example.com", "multipart/alternative"), (mail.From, mail.To.Single(), mail.Type));
        Assert.Equal(["text/plain", "text/html"], mail.Parts.Select(part => part.Type));
        Assert.Equal($"Deletion job completed: 2 conversations erased (bot {service.Bot})", mail.Headers["Subject"]);
        Assert.Equal("auto-generated", mail.Headers["Auto-Submitted"]);
        Assert.Equal(
            ("Deletion ledger <ledger@ledger.example>", "owner@example.com"), (mail.Headers["From"].Replace("\"", ""), mail.Headers["To"]));
        Assert.Equal(await service.ScalarAsync<string>("select message_id from ledger.deliveries"), mail.MessageId);
        Assert.Matches("^<[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@ledger.example>$", mail.MessageId);

        var status = await service.StatusAsync(job);
        Assert.InRange(
            TimeProvider.System.GetUtcNow() - DateTimeOffset.Parse(mail.Headers["Date"]), TimeSpan.Zero, TimeSpan.FromMinutes(5));
        var html = mail.Text("text/html");
        XDocument.Parse(html); // every element is closed
        foreach (var content in new[] { mail.Text("text/plain"), html })
        {
            foreach (var instant in new[] { "submittedAt", "scheduledAt", "startedAt", "completedAt" })
                Assert.Contains(
                    status.GetProperty(instant).GetDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'"), content,
                    StringComparison.Ordinal);
            foreach (
                var told in new[]
                {
                    job,
                    service.Bot,
                    "conversationIds",
                    "not found",
                    $"https://ledger.example/jobs/{service.Bot}/{job}/certificate",
                }
            )
                Assert.Contains(told, content, StringComparison.Ordinal);
            Assert.DoesNotContain("told-", content, StringComparison.Ordinal);
            Assert.DoesNotContain("user-told", content, StringComparison.Ordinal);
        }
        Assert.Matches(
            @"Identified: +3\n +Processed: +3\n +Erased: +2\n +Not erased \(failed\): +0\n +Skipped: +1\n",
            mail.Text("text/plain").ReplaceLineEndings("\n"));
        Assert.Matches(@"Messages: +4\n", mail.Text("text/plain").ReplaceLineEndings("\n"));
    }

    [SkippableFact]
    public async Task A_job_that_fails_is_told_too()
    {
        var receiver = await shared.EmptyAsync();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { OwnClock = true, Notifications = Outbox.Manual(receiver) });
        await service.SubmitAsync(new { cId = "somebody" });
        await service.ExecuteAsync("delete from ledger.job_secrets"); // the list cannot be resolved
        for (var attempt = 1; attempt <= Contracts.Limits.Attempts; attempt++)
        {
            Assert.Equal("none", await service.StatesAsync("mail"));
            await service.RunSlicesAsync();
            await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(5));
        }
        await service.SendAsync<MailSender>();
        var mail = Assert.Single(receiver.Mails);
        Assert.StartsWith("Deletion job failed: ", mail.Headers["Subject"], StringComparison.Ordinal);
        Assert.Contains("could not be listed, and nothing was erased", mail.Text("text/plain"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_refused_recipient_is_shown_as_undeliverable_the_others_are_told_and_a_retry_goes_to_the_corrected_address()
    {
        var receiver = await shared.EmptyAsync();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { OwnClock = true, Notifications = Outbox.Manual(receiver) });
        var (refused, later) = (await service.AddBotAsync(), await service.AddBotAsync());
        await service.SetBotAsync("refused@example.com", bot: refused);
        await service.SetBotAsync("later@example.com", bot: later);
        foreach (var bot in new[] { refused, later, service.Bot })
            await service.EndAJobAsync(bot);
        Assert.Equal(3, await service.SendAsync<MailSender>());
        Assert.Equal("owner@example.com", Assert.Single(receiver.Mails).To.Single());
        Assert.Equal(
            "refused@example.com undeliverable 1 the mail server refused the recipient (550 5.1.1); "
            + "later@example.com waiting 1 the mail server does not take mail for the recipient at the moment (450 4.2.0); "
            + "owner@example.com sent 1",
            await service.StatesAsync("mail"));
        Assert.Equal(0, await service.SendAsync<MailSender>()); // not yet

        var id = (await service.ScalarAsync<Guid>("select delivery_id from ledger.deliveries where given_up_at is not null")).ToString();
        var listed = await LedgerAsync(service, 0, "messages", "--undelivered");
        Assert.Matches($"{id}\tmail\tcdj-\\S+\t{refused}\trefused@example.com\tgiven up\t1\t", listed);
        Assert.Contains("retrying", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("owner@example.com", listed, StringComparison.Ordinal);
        await service.SetBotAsync("corrected@example.com", bot: refused);
        Assert.Equal("Handled again at once: 1.", (await LedgerAsync(service, 0, "messages", "--retry", "all")).Trim());
        await service.SendAsync<MailSender>();
        Assert.Equal("corrected@example.com", receiver.Mails[^1].To.Single());
        await LedgerAsync(service, 1, "messages", "--retry", id);

        await service.SetBotAsync(ownerMail: "", bot: later);
        await service.Clock.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await service.SendAsync<MailSender>());
        Assert.Contains(
            "later@example.com undeliverable 2 the bot has no owner mail any more", await service.StatesAsync("mail"),
            StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task While_the_server_is_away_a_mail_is_tried_again_at_growing_intervals_and_after_ten_attempts_given_up()
    {
        await using var receiver = new SmtpReceiver();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { OwnClock = true, Notifications = Outbox.Manual(receiver) });
        await service.EndAJobAsync();
        var waited = TimeSpan.Zero;
        for (var attempt = 1; attempt <= RetrySchedule.Attempts; attempt++)
        {
            Assert.Equal(1, await service.SendAsync<MailSender>());
            Assert.Equal(0, await service.SendAsync<MailSender>());
            if (attempt == RetrySchedule.Attempts)
                break;
            Assert.Equal($"owner@example.com waiting {attempt} the mail server cannot be reached", await service.StatesAsync("mail"));
            var wait = await service.ScalarAsync<TimeSpan>(
                "select next_attempt_at - (pg_catalog.machine_clock_timestamp() + (select by from test_clock.shift)) from ledger.deliveries"
            );
            Assert.True(wait > waited, $"{wait} is not longer than {waited}");
            waited = wait;
            await service.Clock.AdvanceAsync(wait + TimeSpan.FromSeconds(1));
        }
        Assert.Equal("owner@example.com undeliverable 10 the mail server cannot be reached", await service.StatesAsync("mail"));
    }

    [SkippableFact]
    public async Task A_word_of_an_attempt_that_comes_late_changes_nothing_but_sent()
    {
        var receiver = await shared.EmptyAsync();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Notifications = Outbox.Manual(receiver) });
        await service.EndAJobAsync();
        var deliveries = service.Services.GetRequiredService<Deliveries>();
        var id = await service.ScalarAsync<Guid>("select delivery_id from ledger.deliveries");
        var frozen = await BeginAsync("@frozen.example>");
        var second = await BeginAsync("@second.example>");
        Assert.Equal((frozen.MessageId, 2), (second.MessageId, second.Attempt));
        Assert.False(await deliveries.FailedAsync(frozen, "too late", retryAfter: null, CancellationToken.None));
        Assert.Equal("owner@example.com waiting 2", await service.StatesAsync("mail"));
        await deliveries.SentAsync(id, CancellationToken.None);
        Assert.False(await deliveries.FailedAsync(second, "after all", TimeSpan.Zero, CancellationToken.None));
        Assert.Equal("owner@example.com sent 2", await service.StatesAsync("mail"));

        async Task<Notification> BeginAsync(string host)
        {
            var found = await deliveries.FindAsync(id, CancellationToken.None);
            return (await deliveries.BeginAsync(found!.Notification, ("<", host), message: null, CancellationToken.None))!;
        }
    }

    [SkippableFact]
    public async Task Without_a_mail_server_a_mail_is_a_file_and_without_a_folder_it_waits()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-mail-").FullName;
        await using (
            var service = await TestService.StartAsync(
                new TestServiceOptions { Notifications = Outbox.Manual() with { MailFolder = folder } })
        )
        {
            var job = await service.EndAJobAsync();
            await service.SendAsync<MailSender>();
            var file = Assert.Single(Directory.GetFileSystemEntries(folder));
            Assert.EndsWith(".eml", file, StringComparison.Ordinal);
            var mail = await File.ReadAllTextAsync(file);
            Assert.Contains(
                $"Message-ID: {await service.ScalarAsync<string>("select message_id from ledger.deliveries")}\r\n", mail,
                StringComparison.OrdinalIgnoreCase);
            Assert.Contains(job, mail, StringComparison.Ordinal);
        }
        Directory.Delete(folder, recursive: true);
        await using var waiting = await TestService.StartAsync(new TestServiceOptions { Notifications = new() });
        await waiting.EndAJobAsync();
        await waiting
            .Services.GetRequiredService<Courier>()
            .AttemptAsync(
                waiting.Services.GetRequiredService<MailSender>(),
                await waiting.ScalarAsync<Guid>("select delivery_id from ledger.deliveries"), null);
        Assert.Equal("owner@example.com waiting 0", await waiting.StatesAsync("mail"));
    }

    [SkippableFact]
    public async Task Over_TLS_with_a_password_mail_is_sent_and_to_a_server_that_is_not_trusted_or_refuses_the_password_it_is_not()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-certificate-").FullName;
        var certificate = SmtpReceiver.MakeCertificate(folder);
        await using var receiver = new SmtpReceiver { Login = "ada@ledger.example:p@ss/word", Certificate = certificate };
        await receiver.ListenAsync();
        await using var encrypted = new SmtpReceiver { Login = "ada@ledger.example:p@ss/word", Certificate = certificate, Smtps = true };
        await encrypted.ListenAsync();
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Notifications = Outbox.Manual() with
            {
                Smtp = new SmtpServer("localhost", receiver.Port, SecureSocketOptions.StartTls, "ada@ledger.example", "p@ss/word"),
            },
        });
        await service.EndAJobAsync();

        // This process does not trust it.
        await service.SendAsync<MailSender>();
        await FailedAsync(service, "the mail server's certificate is signed by no authority that this system trusts");
        // Over smtps, as far as the password.
        using (var node = Serve(service, $"smtps://ada%40ledger.example:wrong@localhost:{encrypted.Port}", certificate))
            await FailsAsync(service, node, "the mail server refused the user or password (535 5.7.8)");
        Assert.Empty(receiver.Mails);
        using (Serve(service, $"smtp://ada%40ledger.example:p%40ss%2Fword@localhost:{receiver.Port}?starttls=required", certificate))
            await service.UntilAllIsSentAsync();
        var mail = Assert.Single(receiver.Mails);
        Assert.Equal((true, "ada@ledger.example"), (mail.Tls, mail.User));
        Directory.Delete(folder, recursive: true);
    }

    [SkippableFact]
    public async Task A_node_that_cannot_send_mail_says_so_at_its_start_and_is_ready_all_the_same()
    {
        await using var service = await TestService.StartAsync();
        using var node = Serve(service, smtp: "", trusted: null);
        using var client = new HttpClient { BaseAddress = new Uri(await node.LineAsync("Listening on ")) };
        await Steps.UntilAsync(
            "it does not say so", () => Task.FromResult(node.Error.Contains("Mail is not configured", StringComparison.Ordinal)));
        await Steps.UntilAsync("it is not ready", async () =>
        {
            using var ready = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return ready.IsSuccessStatusCode;
        });
    }

    [SkippableFact]
    public async Task To_a_server_that_offers_no_STARTTLS_nothing_is_sent_where_it_is_required()
    {
        var receiver = await shared.EmptyAsync();
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Notifications = Outbox.Manual(receiver) with
            {
                Smtp = new SmtpServer("127.0.0.1", receiver.Port, SecureSocketOptions.StartTls),
            },
        });
        await service.EndAJobAsync();
        await service.SendAsync<MailSender>();
        Assert.Equal(
            "owner@example.com waiting 1 the mail server offers no STARTTLS, which is required", await service.StatesAsync("mail"));
        Assert.Empty(receiver.Mails);
    }

    [SkippableFact]
    public async Task A_server_that_never_answers_is_given_up_at_the_deadline()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Notifications = Outbox.Manual() with
            {
                Smtp = new SmtpServer("127.0.0.1", port, SecureSocketOptions.None),
                MailDeadline = TimeSpan.FromSeconds(1),
            },
        });
        await service.EndAJobAsync();
        await service.SendAsync<MailSender>();
        Assert.Equal("owner@example.com waiting 1 no answer within 1 s", await service.StatesAsync("mail"));
    }

    private static string JobOf(ReceivedMail mail) =>
        mail.Text("text/plain")
            .Split('\n')
            .Select(line => line.Trim())
            .Single(line => line.StartsWith("Job: ", StringComparison.Ordinal))[5..]
            .Trim();

    private static LedgerProcess Serve(TestService service, string smtp, string? trusted)
    {
        var environment = new Dictionary<string, string> { ["LEDGER_SMTP"] = smtp, ["LEDGER_MAIL_FROM"] = "ledger@ledger.example" };
        if (trusted is not null)
            environment["SSL_CERT_FILE"] = trusted;
        return LedgerProcess.Start(
            environment,
            "serve",
            "--connection",
            service.Database.ConnectionStringFor("ledger_service"),
            "--keys",
            service.KeyDirectory,
            "--urls",
            "http://127.0.0.1:0"
        );
    }

    /// <summary>Until the one mail has failed so; then the node is stopped, and the mail is due again.</summary>
    private static async Task FailsAsync(TestService service, LedgerProcess node, string problem)
    {
        await Steps.UntilAsync(
            $"no attempt fails with: {problem}",
            () => service.ScalarAsync<bool>("select bool_or(last_error is not null) from ledger.deliveries"));
        node.Terminate();
        await node.ExitCodeAsync();
        await FailedAsync(service, problem);
    }

    private static async Task FailedAsync(TestService service, string problem)
    {
        Assert.EndsWith(problem, await service.StatesAsync("mail"), StringComparison.Ordinal);
        var replay = service.Services.GetRequiredService<DeliveryReplay>();
        var ids = await service.ScalarAsync<Guid[]>("select array(select delivery_id from ledger.deliveries where sent_at is null)");
        Assert.Equal(ids.Length, await replay.ReplayAsync(ids, bots: null, "test", CancellationToken.None));
    }

    private static async Task<string> LedgerAsync(TestService service, int exitCode, params string[] args)
    {
        var result = await CliDatabase.RunAsync([.. args, "--connection", service.Database.ConnectionStringFor("ledger_service")]);
        Assert.True(exitCode == result.ExitCode, result.Error);
        return result.Output;
    }
}
